package executor_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

func TestASavedPlanOfCopies(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "dev", "prod"), "a@1.0.0", "b@1.0.0")
	w.from(manifest.From{})
	saved := w.save(executor.Options{})
	r, err := w.replay(saved, executor.Options{})
	if err != nil || r.Summary.Pushed != 2 {
		t.Fatalf("%v, %v", r, err)
	}
	if r, err = w.replay(saved, executor.Options{}); err != nil || r.Summary.Unchanged != 2 {
		t.Errorf("what is done counts as done: %v, %v", r, err)
	}
}

func TestASavedPlanOfCopiesGetsStale(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "dev", "prod"), "a@1.0.0")
	w.from(manifest.From{})
	saved := w.save(executor.Options{})
	w.pack("a", "1.0.0", "other\n").Targets = []manifest.Target{{Registry: "dev", OnChange: manifest.OnChangeOverwrite}}
	from := w.catalog.From
	w.catalog.From = nil
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.catalog.Packs, w.catalog.From = nil, from
	_, err := w.replay(saved, executor.Options{})
	var stale *executor.StaleError
	if !errors.As(err, &stale) || len(stale.Moved) != 1 || !strings.Contains(stale.Moved[0].What, "dev held sha256:") {
		t.Errorf("%v", err)
	}
}

func TestAHostilePlanOfCopies(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "dev", "prod"), "a@1.0.0")
	w.from(manifest.From{Names: []string{"a"}})
	for name, change := range map[string]func(*plan.Action){
		"another source":     func(a *plan.Action) { a.From = "prod" },
		"another pack":       func(a *plan.Action) { a.Name = "b" },
		"another repository": func(a *plan.Action) { a.Repository = "elsewhere" },
		"another reference":  func(a *plan.Action) { a.Reference = "evil.example/a:1.0.0" },
		"no source":          func(a *plan.Action) { a.From = "" },
	} {
		saved := w.save(executor.Options{})
		change(&saved.Actions[0])
		var unfit *executor.UnfitError
		if _, err := w.replay(saved, executor.Options{}); !errors.As(err, &unfit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*plan.Action){
		"no digest":   func(a *plan.Action) { a.Digest = "" },
		"bad digest":  func(a *plan.Action) { a.Digest = "../x" },
		"with a path": func(a *plan.Action) { a.Path = "x" },
	} {
		saved := w.save(executor.Options{})
		change(&saved.Actions[0])
		if _, err := plan.Decode(encode(t, saved)); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

func encode(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
