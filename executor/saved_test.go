package executor_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// save plans and writes the plan as a file does, and reads it again.
func (w *world) save(o executor.Options) *plan.Plan {
	w.t.Helper()
	e := w.executor(o)
	p, err := e.Plan(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	data, err := json.Marshal(e.Saved(p))
	if err != nil {
		w.t.Fatal(err)
	}
	saved, err := plan.Decode(data)
	if err != nil {
		w.t.Fatal(err)
	}
	return saved
}

// replay applies a saved plan.
func (w *world) replay(saved *plan.Plan, o executor.Options) (*executor.Report, error) {
	w.t.Helper()
	o.AskAgain(saved)
	e := w.executor(o)
	p, err := e.Replan(w.t.Context(), saved)
	if err != nil {
		return nil, err
	}
	return e.Apply(w.t.Context(), p)
}

func TestASavedPlanIsAppliedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.onServer("two")
	w.pack("a", "1.0.0", "x: 1\n")
	changed := w.pack("a", "1.1.0", "x: 2\n")
	w.apply(executor.Options{Registries: []string{"two"}, Packs: []string{"a@1.1.0"}})
	w.write(filepath.Join(changed.Dir, "values.yaml"), "x: 3\n")
	saved := w.save(executor.Options{Overwrite: []string{"a@1.1.0"}})
	if got, want := kinds(saved), "push a@1.0.0 one\npush a@1.1.0 one\npush a@1.0.0 two\noverwrite a@1.1.0 two"; got != want {
		t.Fatalf("plan:\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(saved.Actions[0].Reference, w.dir) {
		t.Errorf("reference %s holds for this machine only", saved.Actions[0].Reference)
	}
	r, err := w.replay(saved, executor.Options{})
	if err != nil || r.Err() != nil || r.Summary.Pushed != 3 || r.Summary.Overwritten != 1 {
		t.Fatalf("%v, report %+v", err, r)
	}
	again, err := w.replay(saved, executor.Options{})
	if err != nil || again.Summary.Unchanged != 4 {
		t.Errorf("the second time: %v, report %+v", err, again)
	}
	w.write(filepath.Join(changed.Dir, "values.yaml"), "x: 4\n")
	var stale *executor.StaleError
	_, err = w.replay(saved, executor.Options{})
	if !errors.As(err, &stale) || !errors.Is(err, executor.ErrStale) || len(stale.Moved) != 2 {
		t.Errorf("after a change: %v, want ErrStale for 2 items", err)
	}
}

func TestASavedPlanStaysWithinItsRegistries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two")
	w.catalog.Registries[1].Manual = true
	w.pack("a", "1.0.0", "x: 1\n")
	saved := w.save(executor.Options{})
	saved.Actions[0].Registry = "two"
	saved.Actions[0].Reference = strings.Replace(saved.Actions[0].Reference, "/one/", "/two/", 1)
	var unfit *executor.UnfitError
	if _, err := w.replay(saved, executor.Options{}); !errors.As(err, &unfit) || !strings.Contains(err.Error(), "or the plan was not asked for it") {
		t.Errorf("a manual registry: %v, want *UnfitError", err)
	}
	w.catalog.Registries[1].ReadOnly = true
	saved.Saved.Registries = []string{"two"}
	var input *executor.InputError
	o := executor.Options{}
	o.AskAgain(saved)
	if _, err := executor.New(w.catalog, o); !errors.As(err, &input) {
		t.Errorf("a read-only registry: %v, want *InputError", err)
	}
}

func TestASavedPlanOfWhatIsToBeCreated(t *testing.T) {
	ecr := startECR(t, ecrtest.Options{}, devAccount)
	harbor := harbortest.Start(t, harbortest.Options{})
	w := newWorld(t)
	w.onECR(devAccount, "")
	w.onHarbor(harbor, harbortest.AdminName).Harbor = &manifest.Harbor{Project: "packs", CreateProject: true}
	w.pack("a", "1.0.0", "x: 1\n")
	o := as(harbortest.AdminPassword)
	saved := w.save(o)
	if s := saved.Summary; s.CreateProject != 1 || s.CreateRepository != 3 || s.Push != 2 {
		t.Fatalf("summary %+v", s)
	}
	elsewhere := *saved
	elsewhere.Actions = append([]plan.Action(nil), saved.Actions...)
	for i := range elsewhere.Actions {
		if a := &elsewhere.Actions[i]; a.Reference != "" && strings.HasPrefix(a.Registry, "reg-") {
			a.Reference = "evil.example/" + a.Repository + ":" + a.Version
		}
	}
	if _, err := w.replay(&elsewhere, o); !errors.Is(err, executor.ErrStale) || ecr.Count(ecrWrites...) > 0 {
		t.Errorf("another host of ECR: %v and %d writes, want ErrStale and none", err, ecr.Count(ecrWrites...))
	}
	for _, name := range []string{"packs/spectro-packs/archive/other", "other", ""} {
		forged := elsewhere
		forged.Actions = []plan.Action{{Kind: plan.CreateRepository, Registry: "reg-" + devAccount, Repository: name}}
		var unfit *executor.UnfitError
		if _, err := w.replay(&forged, o); !errors.As(err, &unfit) {
			t.Errorf("repository %q: %v, want *UnfitError", name, err)
		}
	}
	r, err := w.replay(saved, o)
	if err != nil || r.Err() != nil || r.Summary.Created != 3 || r.Summary.Projects != 1 || r.Summary.Pushed != 2 {
		t.Fatalf("%v, report %+v", err, r)
	}
	if again, err := w.replay(saved, o); err != nil || len(again.Items) != 2 || again.Summary.Unchanged != 2 {
		t.Errorf("the second time: %v, report %+v", err, again)
	}
}
