package render

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/packs-cli/packs/executor"
)

const (
	maxBars     = 8                      // packs in flight that are shown
	showAfter   = 300 * time.Millisecond // what is quicker needs no bar of its own
	barName     = 30
	barWidth    = 20
	overallLast = 1 << 30 // the bar of the whole stands below the others
)

// Bars shows progress on a terminal: a bar for the whole, one for each pack in
// flight, and above them a line for each version that was published.
type Bars struct {
	mu      sync.Mutex
	w       io.Writer // the terminal
	now     func() time.Time
	started started
	printed bool // there are lines above the bars

	screen  *mpb.Progress // nil between Close and the next phase
	overall *mpb.Bar
	items   map[itemKey]*itemBar // packs in flight
	waiting []*itemBar           // of them, those without a bar, in the order of their start
	shown   int                  // how many have one
	sent    *atomic.Int64        // bytes in this phase; the screen reads it while it draws
}

// itemBar is a pack in flight.
type itemBar struct {
	name, registry string
	begun          time.Time
	size, sent     int64 // bytes; size is 0 until it is known
	done           bool
	bar            *mpb.Bar // nil where it is not shown
}

// NewBars returns progress for the terminal w, which should be an *os.File.
func NewBars(w io.Writer, now func() time.Time) *Bars {
	return &Bars{w: w, now: now, started: make(started)}
}

// Event shows what happened.
func (b *Bars) Event(e executor.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.Type {
	case executor.EventPlanStarted:
		b.open("comparing", e.Total, false)
	case executor.EventApplyStarted:
		b.open("publishing", e.Total, true)
	case executor.EventPlanProgress:
		b.step()
	case executor.EventItemStarted:
		b.start(&e.Item)
	case executor.EventItemSize:
		b.resize(&e.Item, e.Bytes)
	case executor.EventItemProgress:
		b.advance(&e.Item, e.Bytes)
	case executor.EventItemFinished:
		b.end(&e.Item)
	case executor.EventNote:
		b.printed = true
		b.print([]byte(Clean(e.Note) + "\n"))
	case executor.EventApplyDone:
		if b.printed { // the result follows on the same screen
			b.print([]byte("\n"))
		}
	}
	b.show()
	if text := b.started.finished(e, false); text != "" {
		b.step()
		b.printed = true
		b.print([]byte(text + "\n"))
	}
}

// Write prints log lines above the bars.
func (b *Bars) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.print(p)
	return len(p), nil
}

// Close takes the bars away; what was printed above them stays. A later event
// that starts a phase opens new ones.
func (b *Bars) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close()
}

func (b *Bars) close() {
	if b.screen == nil {
		return
	}
	for _, i := range b.items {
		if i.bar != nil {
			i.bar.Abort(true)
		}
	}
	b.overall.Abort(true)
	b.screen.Wait()
	b.screen, b.overall, b.items, b.waiting, b.shown, b.sent = nil, nil, nil, nil, 0, nil
}

func (b *Bars) open(word string, total int, transfers bool) {
	b.close()
	b.screen = mpb.New(mpb.WithOutput(b.w))
	b.items, b.sent = make(map[itemKey]*itemBar), new(atomic.Int64)
	after := []decor.Decorator{decor.CountersNoUnit(" %d/%d")}
	if transfers {
		sent, begun := b.sent, b.now()
		after = append(after, decor.Any(func(s decor.Statistics) string {
			return "  " + rateText(s.Current, s.Total, sent.Load(), b.now().Sub(begun))
		}))
	}
	bar, err := b.screen.Add(int64(total), newFiller(), mpb.BarPriority(overallLast), mpb.BarWidth(barWidth),
		mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(word+" ")), mpb.AppendDecorators(after...))
	if err != nil {
		b.screen = nil
		return
	}
	b.overall = bar
}

// rateText is how much was sent, how fast, and how long the rest will take.
func rateText(done, total, sent int64, took time.Duration) string {
	text := Size(sent)
	if took < time.Second {
		return text
	}
	text += "  " + Size(int64(float64(sent)/took.Seconds())) + "/s"
	if done > 0 && done < total {
		left := time.Duration(float64(took) / float64(done) * float64(total-done))
		text += "  " + Duration(left) + " left"
	}
	return text
}

func newFiller() mpb.BarFiller {
	return mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]").Build()
}

// step moves the bar of the whole.
func (b *Bars) step() {
	if b.screen != nil {
		b.overall.Increment()
	}
}

func (b *Bars) start(it *executor.Item) {
	if b.screen == nil {
		return
	}
	i := &itemBar{name: item(it.Name, it.Version, it.Repository), registry: Clean(it.Registry), begun: b.now()}
	b.items[keyOf(it)] = i
	b.waiting = append(b.waiting, i)
}

// show gives bars to packs that have been in flight for a while.
func (b *Bars) show() {
	now := b.now()
	for b.screen != nil && len(b.waiting) > 0 && b.shown < maxBars {
		i := b.waiting[0]
		if !i.done && now.Sub(i.begun) < showAfter {
			return
		}
		b.waiting = b.waiting[1:]
		if i.done {
			continue
		}
		const noTotal = 0 // such a bar never completes by itself
		bar, err := b.screen.Add(noTotal, newFiller(), mpb.BarWidth(barWidth),
			mpb.PrependDecorators(decor.Name("  "+pad(middle(i.name, barName), barName)+" ")),
			mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
				if s.Total <= 0 {
					return " " + i.registry
				}
				return " " + Size(s.Current) + " of " + Size(s.Total) + " to " + i.registry
			})))
		if err != nil {
			return
		}
		i.bar = bar
		b.shown++
		i.draw()
	}
}

func (b *Bars) resize(it *executor.Item, size int64) {
	if i := b.items[keyOf(it)]; i != nil {
		i.size = size
		i.draw()
	}
}

func (b *Bars) advance(it *executor.Item, n int64) {
	if b.sent != nil {
		b.sent.Add(n)
	}
	if i := b.items[keyOf(it)]; i != nil {
		i.sent += n
		i.draw()
	}
}

// draw moves a pack's bar, at most to its end: what is sent may be sent again.
func (i *itemBar) draw() {
	if i.bar != nil && i.size > 0 {
		i.bar.SetTotal(i.size, false)
		i.bar.SetCurrent(min(i.sent, i.size))
	}
}

func (b *Bars) end(it *executor.Item) {
	i := b.items[keyOf(it)]
	if i == nil {
		return
	}
	delete(b.items, keyOf(it))
	i.done = true
	if i.bar != nil {
		i.bar.Abort(true)
		b.shown--
	}
}

// print writes whole lines: above the bars where there are any.
func (b *Bars) print(p []byte) {
	w := b.w
	if b.screen != nil {
		w = b.screen
	}
	_, _ = w.Write(p) // progress that cannot be shown is no failure of the run
}
