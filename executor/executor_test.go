package executor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

func TestApplyPublishesAndTheSecondTimeDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("a", "1.1.0", "x: 2\n")
	if got, want := kinds(w.plan(executor.Options{})), "push a@1.0.0 one\npush a@1.1.0 one\npush a@1.0.0 two\npush a@1.1.0 two"; got != want {
		t.Errorf("first plan:\n%s\nwant\n%s", got, want)
	}
	r := w.apply(executor.Options{})
	if r.Summary.Pushed != 4 || r.Err() != nil {
		t.Fatalf("summary %+v, error %v", r.Summary, r.Err())
	}
	again := w.apply(executor.Options{})
	if again.Summary.Unchanged != 4 || again.Summary.Pushed != 0 || again.Summary.Bytes != 0 {
		t.Errorf("second apply: %+v", again.Summary)
	}
	for i := range r.Items {
		if r.Items[i].Digest != again.Items[i].Digest || r.Items[i].Digest == "" {
			t.Errorf("%s: digest %q, then %q", r.Items[i].Reference, r.Items[i].Digest, again.Items[i].Digest)
		}
	}
}

func TestChangedContentIsAConflictUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	p := w.pack("a", "1.0.0", "x: 1\n")
	first := w.apply(executor.Options{})
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")

	conflict := w.apply(executor.Options{})
	if it := conflict.Items[0]; it.Status != executor.StatusConflict || !strings.Contains(it.Reason, "~values.yaml") || !errors.Is(conflict.Err(), executor.ErrConflict) {
		t.Errorf("item %+v, error %v; want a conflict that names values.yaml", it, conflict.Err())
	}
	p.Targets[0].OnChange = manifest.OnChangeSkip
	if s := w.apply(executor.Options{}).Summary; s.Skipped != 1 || s.Conflict != 0 {
		t.Errorf("onChange skip: %+v", s)
	}
	p.Targets[0].OnChange = manifest.OnChangeFail
	over := w.apply(executor.Options{Overwrite: []string{"a@1.0.0"}})
	if it := over.Items[0]; over.Summary.Overwritten != 1 || it.Previous != first.Items[0].Digest || it.Digest == it.Previous {
		t.Errorf("overwrite: %+v %+v", over.Summary, it)
	}
	if s := w.apply(executor.Options{}).Summary; s.Unchanged != 1 {
		t.Errorf("after the overwrite: %+v", s)
	}
}

func TestOnePackThatFailsDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.pack("a", "1.0.0", "x: 1\n")
	bad := w.pack("b", "1.0.0", "x: 1\n")
	w.pack("c", "1.0.0", "x: 1\n")
	e := w.executor(executor.Options{})
	p, err := e.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	w.write(filepath.Join(bad.Dir, "values.yaml"), "changed after the plan\n")
	r, err := e.Apply(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.Pushed != 2 || r.Summary.Failed != 1 || !errors.Is(r.Err(), pack.ErrChanged) {
		t.Errorf("summary %+v, error %v; want 2 pushed, 1 failed with ErrChanged", r.Summary, r.Err())
	}
	var pe *executor.PackError
	if !errors.As(r.Err(), &pe) || pe.Path != "b-1.0.0" {
		t.Errorf("error %v does not name the pack", r.Err())
	}
}

func TestFailFastStartsNothingNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.catalog.Registries[0].Limits.Concurrency = 1
	p := w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{})
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	marker := filepath.Join(w.dir, "registries", "one", "spectro-packs", "archive", "a", "oci-layout")
	w.write(marker, `{"imageLayoutVersion":"9.9.9"}`) // a layout of the future
	w.pack("b", "1.0.0", "x: 1\n")
	r := w.apply(executor.Options{FailFast: true})
	if r.Summary.Failed == 0 || r.Summary.Pushed != 0 || r.Summary.Skipped != 1 {
		t.Errorf("summary %+v, want a failure and the push not started", r.Summary)
	}
}

func TestStopLetsNothingNewStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.pack("a", "1.0.0", "x: 1\n")
	stop := make(chan struct{})
	e := w.executor(executor.Options{Stop: stop})
	p, err := e.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	close(stop)
	r, err := e.Apply(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || r.Summary.Skipped != 1 || r.Summary.Pushed != 0 {
		t.Errorf("interrupted %v, summary %+v", r.Interrupted, r.Summary)
	}
	if _, err := e.Plan(context.Background()); !errors.Is(err, executor.ErrInterrupted) {
		t.Errorf("plan after stop: %v, want ErrInterrupted", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.executor(executor.Options{}).Plan(ctx); !errors.Is(err, executor.ErrInterrupted) {
		t.Errorf("plan with a cancelled context: %v, want ErrInterrupted", err)
	}
}

func TestApplyLooksAgainWhereThePlanIsOld(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, other string
		want        executor.Status
	}{
		{"same content meanwhile", "x: 1\n", executor.StatusDone},
		{"other content meanwhile", "x: 2\n", executor.StatusConflict},
	} {
		w := newWorld(t, "one")
		p := w.pack("a", "1.0.0", "x: 1\n")
		now := time.Unix(1_000_000, 0)
		e := w.executor(executor.Options{Now: func() time.Time { return now }})
		stale, err := e.Plan(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		w.write(filepath.Join(p.Dir, "values.yaml"), tt.other)
		w.apply(executor.Options{}) // somebody else publishes
		w.write(filepath.Join(p.Dir, "values.yaml"), "x: 1\n")
		now = now.Add(time.Minute)
		r, err := e.Apply(context.Background(), stale)
		if err != nil {
			t.Fatal(err)
		}
		if it := r.Items[0]; it.Status != tt.want || (tt.want == executor.StatusDone) != (it.Action == plan.Unchanged) {
			t.Errorf("%s: %s %s (%s %s), want %s", tt.name, it.Action, it.Status, it.Reason, it.Error, tt.want)
		}
	}
}

func TestUnreadablePackIsAnErrorOfThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	p := w.pack("a", "1.0.0", "x: 1\n")
	if err := os.Symlink("/etc/passwd", filepath.Join(p.Dir, "escape")); err != nil {
		t.Skip("symbolic links cannot be made here:", err)
	}
	_, err := w.executor(executor.Options{}).Plan(context.Background())
	var pe *executor.PackError
	if !errors.As(err, &pe) || !errors.Is(err, pack.ErrUnsupported) {
		t.Errorf("error %v, want a PackError that wraps ErrUnsupported", err)
	}
}

func TestPullWritesWhatWasPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	p := w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{})
	e, out := w.executor(executor.Options{}), t.TempDir()
	q := executor.PullRequest{Registry: "one", Name: "a", Version: "1.0.0", Dir: out}
	got, err := e.Pull(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pack.json", "values.yaml"} {
		want, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(got.Path, name)); err != nil || string(b) != string(want) {
			t.Errorf("%s: %q, %v; want %q", name, b, err, want)
		}
	}
	if _, err := e.Pull(context.Background(), q); !errors.Is(err, os.ErrExist) {
		t.Errorf("second pull: %v, want ErrExist", err)
	}
	q.Archive = true
	archive, err := e.Pull(context.Background(), q)
	if err != nil || archive.ContentDigest != got.ContentDigest || filepath.Base(archive.Path) != "a-1.0.0.tar.gz" {
		t.Errorf("archive %+v, %v; want the same content as %+v", archive, err, got)
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 2 {
		t.Errorf("%d entries in the folder, %v; want the folder and the archive only", len(left), err)
	}
}

func TestEventsTellOfEveryItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("b", "1.0.0", "x: 1\n")
	counts := make(map[executor.EventType]int)
	var planned, sent int64
	r := w.apply(executor.Options{OnEvent: func(ev executor.Event) {
		counts[ev.Type]++
		switch ev.Type {
		case executor.EventPlanStarted:
			planned = int64(ev.Total)
		case executor.EventItemProgress:
			sent += ev.Bytes
		}
	}})
	if counts[executor.EventPlanProgress] != int(planned) {
		t.Errorf("%d steps of planning, announced %d", counts[executor.EventPlanProgress], planned)
	}
	if counts[executor.EventItemStarted] != 2 || counts[executor.EventItemFinished] != 2 || counts[executor.EventApplyDone] != 1 {
		t.Errorf("events %v", counts)
	}
	if sent != r.Summary.Bytes || sent == 0 {
		t.Errorf("progress says %d bytes, the report %d", sent, r.Summary.Bytes)
	}
}

func TestArchivesMadeAheadAreThoseOfThePlan(t *testing.T) {
	t.Parallel()
	for name, budget := range map[string]int64{"room for all": 0, "room for none": 1} {
		w := newWorld(t, "one", "two")
		w.pack("a", "1.0.0", "x: 1\n")
		changed := w.pack("b", "1.0.0", "x: 1\n")
		w.pack("c", "1.0.0", "x: 1\n")
		want := make(map[string]string)
		for _, it := range w.apply(executor.Options{}).Items {
			want[it.Reference[strings.LastIndex(it.Reference, "/"):]] = it.Digest
		}
		if err := os.RemoveAll(filepath.Join(w.dir, "registries")); err != nil {
			t.Fatal(err)
		}
		temp := t.TempDir()
		e := w.executor(executor.Options{Ahead: true, MemoryBudget: budget, TempDir: temp})
		p, err := e.Plan(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		w.write(filepath.Join(changed.Dir, "later.yaml"), "changed after the plan\n")
		r, err := e.Apply(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range r.Items {
			// An archive that was made ahead is what the plan saw; without it, the change is noticed.
			if it.Status == executor.StatusFailed && it.Name == "b" && errors.Is(it.Err, pack.ErrChanged) {
				continue
			}
			if key := it.Reference[strings.LastIndex(it.Reference, "/"):]; it.Status != executor.StatusDone || it.Digest != want[key] {
				t.Errorf("%s: %s %s %s %v, want digest %s", name, it.Reference, it.Status, it.Digest, it.Err, want[key])
			}
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
			t.Errorf("%s: %d temporary files left, %v", name, len(left), err)
		}
	}
}
