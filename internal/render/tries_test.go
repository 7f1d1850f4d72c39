package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/plan"
)

// TestFailuresTellHowOftenTheyWereTried merges packs that were tried more or
// less often: the registry may have been given up in between.
func TestFailuresTellHowOftenTheyWereTried(t *testing.T) {
	t.Parallel()
	refused := &transport.ConnError{Host: "r.example", Kind: transport.KindRefused}
	act := func(name string, err error) plan.Action {
		return plan.Action{Kind: plan.Unknown, Registry: "dev", Name: name, Version: "1.0.0", Err: &registry.Error{Op: "read manifest", Ref: "r.example/x", Err: err}}
	}
	p := &plan.Plan{Actions: []plan.Action{
		act("a", &transport.GaveUpError{Tries: 4, Err: refused}),
		act("b", &transport.GaveUpError{Tries: 2, Err: refused}),
		act("c", refused),
		act("d", &transport.GaveUpError{Tries: 1, Spent: true, Err: refused}),
	}}
	var out bytes.Buffer
	if err := render.Faults(&out, render.NewStyle(render.Stream{}, func(string) (string, bool) { return "", false }, true, "packs"), render.PlanFaults(p)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"error: dev: read manifest: connection refused by r.example (3 packs, tried 4 times)\n",
		"error: dev: read manifest: connection refused by r.example; too many requests of this run failed to try each again\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
