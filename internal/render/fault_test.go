package render_test

import (
	"errors"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

// A copy that fails may fail at either end: whoever reads it must not remove
// what is good.
func TestFaultsOfCopiesNameBothEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("registry content is corrupt")
	p := &plan.Plan{Actions: []plan.Action{
		{Kind: plan.Unknown, Registry: "new", Name: "a", Version: "1.0.0", From: "old", Err: broken},
		{Kind: plan.Unknown, Registry: "new", Name: "b", Version: "1.0.0", Err: broken},
	}}
	r := &executor.Report{Items: []executor.Item{
		{Status: executor.StatusFailed, Registry: "new", Name: "a", Version: "1.0.0", From: "old", Err: broken},
		{Status: executor.StatusFailed, Registry: "new", Name: "b", Version: "1.0.0", Err: broken},
	}}
	for what, faults := range map[string][]render.Fault{"plan": render.PlanFaults(p), "report": render.ReportFaults(r)} {
		if len(faults) != 2 || faults[0].Where != "new, from old" || faults[1].Where != "new" {
			t.Errorf("%s: %+v", what, faults)
		}
	}
}
