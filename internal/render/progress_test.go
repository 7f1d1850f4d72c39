package render

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/ptytest"
	"github.com/packs-cli/packs/plan"
)

// events is what a run of two pushes and one unchanged version sends.
func events() []executor.Event {
	a, b, c := done(plan.Push, "dev", "a", 0), done(plan.Push, "dev", "b", 0), done(plan.Unchanged, "dev", "c", 0)
	end := a
	end.Bytes = 1_200_000
	bad := failed("dev", "b", errString("boom"))
	return []executor.Event{
		{Type: executor.EventPlanStarted, Total: 2},
		{Type: executor.EventPlanProgress},
		{Type: executor.EventPlanProgress},
		{Type: executor.EventApplyStarted, Total: 2, Bytes: 100},
		{Type: executor.EventItemFinished, Item: c},
		{Type: executor.EventItemStarted, Item: a},
		{Type: executor.EventItemStarted, Item: b},
		{Type: executor.EventItemSize, Item: a, Bytes: 1_200_000},
		{Type: executor.EventItemProgress, Item: a, Bytes: 2_000_000}, // sent again after a failure
		{Type: executor.EventItemFinished, Item: bad},
		{Type: executor.EventItemFinished, Item: end},
		{Type: executor.EventApplyDone},
	}
}

type errString string

func (e errString) Error() string { return string(e) }

const finishedLines = "failed b@1.0.0 in dev: boom\npushed a@1.0.0 to dev (1.2 MB) sha256:new\n"

func TestLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := NewLines(&b)
	for _, e := range events() {
		l.Event(e)
	}
	l.Close()
	if b.String() != finishedLines {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), finishedLines)
	}
}

func TestFinishedLine(t *testing.T) {
	t.Parallel()
	over := done(plan.Overwrite, "dev", "a", 10)
	over.Previous = "sha256:old"
	repo := done(plan.CreateRepository, "dev", "", 0)
	repo.Name, repo.Version = "", ""
	meanwhile := done(plan.Unchanged, "dev", "a", 0)
	meanwhile.Reason = "somebody published the same content meanwhile"
	for want, it := range map[string]executor.Item{
		"overwrote a@1.0.0 in dev (10 B) sha256:new, was sha256:old":              over,
		"created spectro-packs/archive/ in dev":                                   repo,
		"unchanged a@1.0.0 in dev: somebody published the same content meanwhile": meanwhile,
	} {
		if got := finishedLine(&it, true); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBarsLeaveOnlyLines(t *testing.T) {
	t.Parallel()
	terminal := ptytest.Open(t, 80, 24)
	bars := NewBars(terminal.File, time.Now)
	for _, e := range events() {
		bars.Event(e)
	}
	if _, err := bars.Write([]byte("level=WARN msg=x\n")); err != nil {
		t.Fatal(err)
	}
	bars.Close()
	bars.Close()
	bars.Event(executor.Event{Type: executor.EventItemStarted, Item: done(plan.Push, "dev", "late", 0)})
	terminal.Close()
	got := strings.Join(ptytest.Screen(terminal.Output()), "\n") + "\n"
	if want := strings.ReplaceAll(finishedLines, " sha256:new", "") + "\nlevel=WARN msg=x\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s\noutput: %q", got, want, terminal.Output())
	}
}

func TestBarsWhileTheyMove(t *testing.T) {
	t.Parallel()
	terminal := ptytest.Open(t, 80, 24)
	var clock atomic.Int64
	bars := NewBars(terminal.File, func() time.Time { return time.Unix(0, clock.Load()) })
	bars.Event(executor.Event{Type: executor.EventApplyStarted, Total: 20})
	send := func(k executor.EventType, bytes int64) {
		for i := range maxBars + 3 {
			bars.Event(executor.Event{Type: k, Item: done(plan.Push, "dev", "p"+strconv.Itoa(i), 0), Bytes: bytes})
		}
	}
	send(executor.EventItemStarted, 0)
	send(executor.EventItemSize, 1_200_000)
	send(executor.EventItemProgress, 300_000)
	terminal.Await(t, " 0/20  3.3 MB")
	if strings.Contains(terminal.Output(), "p0@1.0.0") {
		t.Error("a pack that has only begun has a bar")
	}
	clock.Add(int64(showAfter))
	send(executor.EventItemProgress, 300_000)
	for _, text := range []string{"  p0@1.0.0 ", "  p7@1.0.0 ", "600.0 kB of 1.2 MB to dev", "publishing ", " 0/20  6.6 MB"} {
		terminal.Await(t, text)
	}
	send(executor.EventItemProgress, 2_000_000) // sent again after a failure
	terminal.Await(t, "1.2 MB of 1.2 MB to dev")
	if strings.Contains(terminal.Output(), "p8@1.0.0") {
		t.Error("more packs in flight are shown than there is room for")
	}
	bars.Event(executor.Event{Type: executor.EventItemFinished, Item: done(plan.Push, "dev", "p0", 1_200_000)})
	terminal.Await(t, "  p8@1.0.0 ")
	bars.Close()
	terminal.Close()
	if got := ptytest.Screen(terminal.Output()); len(got) != 1 || got[0] != "pushed p0@1.0.0 to dev (1.2 MB)" {
		t.Errorf("on the screen stays %q", got)
	}
	for line := range strings.SplitSeq(terminal.Output(), "\n") {
		if w := width(strings.Join(ptytest.Screen(line), "")); w > 80 {
			t.Errorf("a line takes %d columns: %q", w, line)
		}
	}
}

func TestRateText(t *testing.T) {
	t.Parallel()
	if got, want := rateText(0, 10, 5000, 500*time.Millisecond), "5.0 kB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := rateText(5, 20, 3_000_000, 2*time.Second), "3.0 MB  1.5 MB/s  6.0 s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
