package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// SyncOptions says how registries are synced. The zero value orders a sync and
// does not wait for its end.
type SyncOptions struct {
	Force bool // restart a sync that has been in progress for an hour or more
	Wait  bool // until it ends, or syncTimeout has passed
}

// defaultSyncTimeout is how long a sync is waited for where packs.yaml does not
// say: that of the vendor's Terraform provider.
const defaultSyncTimeout = 10 * time.Minute

func syncTimeout(b *manifest.RegistryPalette) time.Duration {
	if b.SyncTimeout > 0 {
		return b.SyncTimeout
	}
	return defaultSyncTimeout
}

// Between two looks at a sync: short ones first, for small registries.
const (
	firstLook = 250 * time.Millisecond
	lastLook  = 10 * time.Second
)

// PaletteSync lets Palette read the chosen registries. What failed is in the
// result.
func (e *Executor) PaletteSync(ctx context.Context, o SyncOptions) (*PaletteSyncs, error) {
	return e.syncs(ctx, PaletteSyncKind, func(ctx context.Context, st *station) PaletteSync { return e.sync(ctx, st, o) })
}

// PaletteStatus tells how the chosen registries stand. It needs no more than
// the right to look at registries and packs.
func (e *Executor) PaletteStatus(ctx context.Context) (*PaletteSyncs, error) {
	return e.syncs(ctx, PaletteStatusKind, e.standing)
}

func (e *Executor) syncs(ctx context.Context, kind string, one func(context.Context, *station) PaletteSync) (*PaletteSyncs, error) {
	s := e.stations()
	defer s.Close()
	if len(s.all) == 0 {
		return nil, ErrNoPalette
	}
	r := &PaletteSyncs{APIVersion: plan.APIVersion, Kind: kind, Tool: e.opts.Tool, Registries: make([]PaletteSync, len(s.all))}
	s.each(func(i int, st *station) {
		if e.ended(ctx) {
			r.Registries[i] = st.newSync()
			r.Registries[i].State = SyncUnknown
			return
		}
		r.Registries[i] = one(ctx, st)
	})
	r.Interrupted = e.ended(ctx)
	r.count()
	return r, nil
}

func (st *station) newSync() PaletteSync {
	return PaletteSync{Registry: st.spec.Name, Palette: st.host, Name: st.block.Name, Type: string(st.kind())}
}

// syncing is one registry while it is synced.
type syncing struct {
	*Executor
	*station
	SyncOptions
	entry  *palette.Entry
	result PaletteSync
	until  time.Time
	told   string // the last that the listener was told
}

// sync orders a sync of one registry and waits for its end, where it shall.
func (e *Executor) sync(ctx context.Context, st *station, o SyncOptions) PaletteSync {
	s := &syncing{Executor: e, station: st, SyncOptions: o, result: st.newSync(), until: e.opts.Now().Add(syncTimeout(st.block))}
	if err := s.run(ctx); err != nil {
		state := SyncUnknown
		switch {
		case errors.Is(err, errUnregistered):
			state = SyncUnregistered
		case s.result.Triggered || errors.Is(err, ErrInterrupted):
			state = SyncRunning
		}
		s.result.fail(state, err)
		if errors.Is(err, ErrInterrupted) {
			s.result.Err, s.result.Error = nil, ""
			s.result.Hint = "the sync goes on in Palette: `packs palette status` shows how it went"
		}
	}
	return s.result
}

func (s *syncing) run(ctx context.Context) (err error) {
	if s.entry, err = s.registered(ctx); err != nil {
		return err
	}
	s.result.UID = s.client.Clean(s.entry.UID)
	before, err := s.client.SyncStatus(ctx, *s.entry)
	if err != nil {
		return err
	}
	if before.State() == palette.Running && !before.Idle() && !s.Force {
		s.note("%s: a sync is in progress already%s", s.spec.Name, since(before))
		if !s.Wait {
			s.take(before)
			s.result.Hint = "it may have begun before the last push: `packs palette sync --wait` waits for it and then syncs once more"
			return nil
		}
		if before, err = s.follow(ctx, before, nil); err != nil || s.result.State == SyncTimedOut {
			return err
		}
	}
	if err := s.client.Sync(ctx, *s.entry, s.Force); err != nil {
		return err
	}
	s.result.Triggered, s.result.State = true, SyncRunning
	s.note("%s: sync of %s ordered", s.spec.Name, s.block.Name)
	if !s.Wait {
		s.result.Hint = "`packs palette status` shows how it went"
		return nil
	}
	last, err := s.follow(ctx, nil, before)
	if err != nil || s.result.State == SyncTimedOut {
		return err
	}
	s.judge(last)
	return nil
}

func since(s *palette.SyncStatus) string {
	if s.LastRunTime.IsZero() {
		return ""
	}
	return " since " + s.LastRunTime.UTC().Format(time.RFC3339)
}

// settle is how long an unchanged end of the sync before counts as that of the
// one before: Palette may take a moment until it begins.
const settle = 15 * time.Second

// follow looks at a sync until it ends, or nobody shall wait any longer. before
// is how things stood when it was ordered: an end that was there then is none.
func (s *syncing) follow(ctx context.Context, last, before *palette.SyncStatus) (*palette.SyncStatus, error) {
	begun, wait := s.opts.Now(), firstLook
	for {
		if last != nil && s.over(last, before, begun) {
			return last, nil
		}
		left := s.until.Sub(s.opts.Now())
		if left <= 0 {
			s.timedOut(last, begun)
			return last, nil
		}
		if last != nil {
			s.progress(last, begun)
		}
		if err := s.pause(ctx, min(wait, left)); err != nil {
			s.take(last)
			return last, err
		}
		wait = min(wait*3/2, lastLook)
		var err error
		if last, err = s.client.SyncStatus(ctx, *s.entry); err != nil {
			return nil, err
		}
		if last.State() == palette.Running {
			before = nil // it has begun: any end is its own
		}
	}
}

func (s *syncing) over(last, before *palette.SyncStatus, begun time.Time) bool {
	if last.State() == palette.Running {
		return false
	}
	return before == nil || !last.Same(before) || last.State() == palette.Off || s.opts.Now().Sub(begun) >= settle
}

// progress tells a listener what Palette says, once for each thing it says.
func (s *syncing) progress(last *palette.SyncStatus, begun time.Time) {
	text := last.Status
	if text == "" {
		text = "waiting to begin"
	}
	if last.Message != "" {
		text += ": " + last.Message
	}
	if text == s.told {
		return
	}
	s.told = text
	s.note("%s: %s (after %v)", s.spec.Name, text, s.opts.Now().Sub(begun).Round(time.Second))
}

// take puts what Palette says into the result.
func (s *syncing) take(last *palette.SyncStatus) {
	if last != nil {
		s.result.take(last)
	}
}

func (r *PaletteSync) take(s *palette.SyncStatus) {
	r.Status, r.Message = s.Status, s.Message
	r.LastRun, r.LastSynced = moment(s.LastRunTime), moment(s.LastSyncedTime)
	switch s.State() {
	case palette.Done:
		r.State = SyncDone
	case palette.Failed:
		r.State = SyncFailed
	case palette.Off:
		r.State = SyncOff
	case palette.Running:
		r.State = SyncRunning
		if s.Idle() {
			r.State = SyncNever
		}
	}
}

func moment(t palette.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// errSync is the cause of a sync that Palette ended without success.
var errSync = errors.New("the sync failed")

// judge says what the end of a sync means.
func (s *syncing) judge(last *palette.SyncStatus) {
	s.take(last)
	switch s.result.State {
	case SyncFailed:
		message := last.Message
		if message == "" {
			message = "no message"
		}
		s.result.fail(SyncFailed, &registry.Error{
			Op: "sync " + s.block.Name + " at", Ref: s.host, Err: fmt.Errorf("%w: Palette responded: %s", errSync, message), Hint: s.causes(last.Message),
		})
	case SyncOff:
		s.result.fail(SyncOff, &registry.Error{
			Op: "sync " + s.block.Name + " at", Ref: s.host, Err: errors.New("Palette does not synchronize this registry"), //nolint:staticcheck // begins with a name
			Hint: "`packs palette register` turns synchronization on",
		})
	}
}

func (st *station) causes(message string) string {
	w, err := palette.Want(st.spec)
	if err != nil {
		return oneLine(err)
	}
	return w.Causes(message)
}

// errTimeout is the cause of a sync that nobody waits for any longer.
var errTimeout = errors.New("the sync has not ended")

// timedOut says what Palette does about a sync that does not end.
func (s *syncing) timedOut(last *palette.SyncStatus, begun time.Time) {
	s.take(last)
	said := ""
	if last != nil && last.Status != "" {
		said = ": Palette responded: " + last.Status
		if last.Message != "" {
			said += ": " + last.Message
		}
	}
	s.result.fail(SyncTimedOut, &registry.Error{
		Op: "sync " + s.block.Name + " at", Ref: s.host, Err: fmt.Errorf("%w within %v%s", errTimeout, s.opts.Now().Sub(begun).Round(time.Second), said),
		Hint: "nothing need be pushed again: it goes on in Palette, `packs palette status` shows how far it is, and `packs palette verify` what is there. " +
			"A sync that got lost stays in progress until Palette finds it, which it looks for every 15 minutes and takes up to 2 hours; " +
			"`packs palette sync --force --wait` restarts one that has been in progress for an hour. syncTimeout: in palette: sets how long is waited",
	})
}

// standing tells how one registry stands.
func (e *Executor) standing(ctx context.Context, st *station) PaletteSync {
	r := st.newSync()
	entry, err := st.registered(ctx)
	if err == nil {
		r.UID = st.client.Clean(entry.UID)
		if entry.Kind != "" {
			r.Type = string(entry.Kind)
		}
		var s *palette.SyncStatus
		if s, err = st.client.SyncStatus(ctx, *entry); err == nil {
			r.take(s)
		}
	}
	if err != nil {
		r.fail(SyncUnknown, err)
		if errors.Is(err, errUnregistered) {
			r.State = SyncUnregistered
		}
		return r
	}
	switch r.State {
	case SyncFailed:
		r.Hint = st.causes(r.Message)
	case SyncOff:
		r.Hint = "`packs palette register` turns synchronization on"
	case SyncNever:
		r.Hint = "`packs palette sync --wait` syncs it"
	}
	if packs, err := st.client.Search(ctx, entry.UID); err == nil {
		n := len(packs)
		r.Packs = &n
	} else if r.Hint == "" {
		r.Hint = "its packs cannot be counted: " + oneLine(err)
	}
	return r
}
