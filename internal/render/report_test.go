package render

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

func done(k plan.ActionKind, reg, name string, sent int64) executor.Item {
	repo := "spectro-packs/archive/" + name
	return executor.Item{
		Action: k, Status: executor.StatusDone, Registry: reg, Repository: repo, Name: name, Version: "1.0.0",
		Reference: reg + ".example/" + repo + ":1.0.0", Digest: "sha256:new", Bytes: sent,
	}
}

func failed(reg, name string, err error) executor.Item {
	it := done(plan.Push, reg, name, 0)
	it.Status, it.Err, it.Error, it.Digest = executor.StatusFailed, err, err.Error(), ""
	return it
}

func report(items ...executor.Item) *executor.Report {
	return &executor.Report{Items: items, Summary: executor.Summarize(items)}
}

func reportText(t *testing.T, r *executor.Report, p *plan.Plan) string {
	t.Helper()
	var b bytes.Buffer
	if err := Report(&b, Style{Width: 80}, r, ReportOptions{File: "packs.yaml", Took: 3200 * time.Millisecond, Plan: p}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportText(t *testing.T) {
	t.Parallel()
	conflict := done(plan.Conflict, "dev", "nginx", 0)
	conflict.Status, conflict.Reason, conflict.Error = executor.StatusConflict, "published with other content: ~values.yaml", "published with other content: ~values.yaml"
	conflict.Hint, conflict.Changes = "bump the version", &plan.Changes{Modified: []string{"values.yaml"}}
	created := done(plan.CreateRepository, "dev", "", 0)
	created.Repository, created.Name, created.Version = "spectro-packs/archive", "", ""
	r := report(
		done(plan.Push, "local", "a", 1_000_000), done(plan.Push, "local", "b", 500_000), done(plan.Unchanged, "local", "c", 0),
		created, done(plan.Overwrite, "dev", "a", 700_000), conflict, failed("dev", "b", errors.New("boom")),
	)
	const want = `local  local.example/spectro-packs/archive
  2 versions pushed (1.5 MB), 1 unchanged

dev  dev.example/spectro-packs/archive
  1 repository created, 1 version overwritten (700.0 kB), 1 conflict, 1 failed
  ! conflict   nginx@1.0.0  published with other content (1 file)
               ~ values.yaml
               bump the version

Applied in 3.2 s: 1 repository created, 2 versions pushed, 1 overwritten (2.2
MB), 1 unchanged, 1 conflict, 1 failed.
Run ` + "`packs apply`" + ` again once the cause is mended: it does only what is left.
`
	if got := reportText(t, r, &plan.Plan{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestReportWarnsOnceOfWhatIsAlike(t *testing.T) {
	t.Parallel()
	var items []executor.Item
	for _, name := range []string{"a", "b", "c", "d"} {
		it := done(plan.Overwrite, "dev", name, 10)
		it.Warning = "clusters ask for content that is gone"
		items = append(items, it)
	}
	got := reportText(t, report(items...), &plan.Plan{})
	want := "warning: a@1.0.0 in dev, b@1.0.0 in dev, c@1.0.0 in dev and 1 more: clusters ask\nfor content that is gone\n"
	if !strings.Contains(got, want) {
		t.Errorf("no %q in:\n%s", want, got)
	}
}

func TestReportOfNothingIsOneLine(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Actions: []plan.Action{{Kind: plan.Unchanged, Registry: "a", Name: "x", Version: "1"}}}
	got := reportText(t, report(done(plan.Unchanged, "a", "x", 0)), p)
	if want := "Applied: no changes; 1 version in 1 registry is as in packs.yaml.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInterruptedReportSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	skipped := done(plan.Push, "a", "y", 0)
	skipped.Status = executor.StatusSkipped
	r := report(done(plan.Push, "a", "x", 10), skipped)
	r.Interrupted = true
	got := reportText(t, r, &plan.Plan{})
	for _, want := range []string{"Interrupted in 3.2 s: 1 version pushed (10 B), 1 skipped.", "again to continue"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Millisecond: "0.1 s", 3250 * time.Millisecond: "3.2 s", 59 * time.Second: "59 s", 185 * time.Second: "3 min 5 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestFaultsAreGrouped(t *testing.T) {
	t.Parallel()
	down := func(name string) error {
		return &registry.Error{Op: "read manifest", Ref: "h/" + name, Err: fmt.Errorf("%w: connection refused", registry.ErrUnreachable), Hint: "start it"}
	}
	var items []executor.Item
	for i := range 12 {
		name := fmt.Sprintf("p%d", i)
		items = append(items, failed("dev", name, down(name)))
	}
	items = append(items, failed("prod", "p0", down("p0")), failed("prod", "p1", errors.New("first\nsecond\x1b[2J")))
	var b bytes.Buffer
	if err := Faults(&b, Style{}, ReportFaults(report(items...))); err != nil {
		t.Fatal(err)
	}
	const want = `error: dev: registry cannot be reached: connection refused (12 packs) [PACKS2001]
  p0@1.0.0, p1@1.0.0, p2@1.0.0, p3@1.0.0, p4@1.0.0, p5@1.0.0, p6@1.0.0, p7@1.0.0, p8@1.0.0, p9@1.0.0 and 2 more
  start it
error: prod: registry cannot be reached: connection refused [PACKS2001]
  p0@1.0.0
  start it
error: prod: first
  second\x1b[2J
  p1@1.0.0
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestFaultsOfFilesAreGrouped(t *testing.T) {
	t.Parallel()
	full := func(name string) executor.Item {
		err := &fs.PathError{Op: "write", Path: "/d/" + name, Err: errors.New("no space left on device")}
		return failed("local", name, &registry.Error{Op: "push", Ref: name, Err: err, Hint: "free some space"})
	}
	for want, items := range map[string][]executor.Item{
		"push: write /d/a: no space left on device": {full("a")},
		"push: no space left on device":             {full("a"), full("b"), full("c")},
	} {
		got := group(ReportFaults(report(items...)))
		if len(got) != 1 || got[0].What != want || len(got[0].Items) != len(items) || got[0].Hint != "free some space" {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}

func TestPlanFaultsNameUnknowns(t *testing.T) {
	t.Parallel()
	faults := group(PlanFaults(samplePlan()))
	if len(faults) != 1 || faults[0].Where != "prod" || len(faults[0].Items) != 3 || faults[0].Hint != "start it" {
		t.Errorf("PlanFaults = %+v", faults)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	err := Problems(&b, Style{}, []manifest.Problem{
		{File: "packs.yaml", Line: 3, Column: 5, Message: `unknown key "hots"`, Hint: "did you mean host?"},
		{File: "packs/a/pack.json", Message: "is empty"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `packs.yaml:3:5: error: unknown key "hots"
  did you mean host?
packs/a/pack.json: error: is empty
error: 2 mistakes; nothing was done [PACKS1001]
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestListMatrix(t *testing.T) {
	t.Parallel()
	var actions []plan.Action
	add := func(k plan.ActionKind, reg, name, version string) {
		actions = append(actions, plan.Action{Kind: k, Registry: reg, Name: name, Version: version})
	}
	add(plan.CreateRepository, "dev", "", "")
	add(plan.Unchanged, "dev", "nginx", "1.10.0")
	add(plan.Push, "dev", "nginx", "1.9.0")
	add(plan.Conflict, "prod-with-a-long-name", "argo-cd", "3.3.5")
	add(plan.Unknown, "prod-with-a-long-name", "nginx", "1.10.0")
	l := NewList(&plan.Plan{Actions: actions})
	var b bytes.Buffer
	if err := TextList(&b, Style{Width: 80}, l); err != nil {
		t.Fatal(err)
	}
	const want = `NAME     VERSION  dev        prod-with-a-long-name
argo-cd  3.3.5    -          different
nginx    1.9.0    missing    -
nginx    1.10.0   present    unknown

3 versions for 2 registries: 1 present, 1 missing, 1 different, 1 unknown.
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

// TestAGivenUpRegistryIsOneFault has packs that were tried and packs that were
// not asked any more.
func TestAGivenUpRegistryIsOneFault(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("%w: connection refused", registry.ErrUnreachable)
	why := func(err error) error { return &registry.Error{Op: "read manifest", Ref: "h/x", Err: err} }
	r := report(
		failed("dev", "a", why(refused)),
		failed("dev", "b", why(&transport.GaveUpError{Tries: 4, Err: refused})),
		failed("dev", "c", why(&transport.CircuitError{Err: refused})),
		failed("dev", "d", why(&transport.CircuitError{Err: &transport.GaveUpError{Tries: 4, Err: refused}})),
	)
	var b bytes.Buffer
	if err := Faults(&b, Style{}, ReportFaults(r)); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Count(got, "error: ") != 1 || !strings.Contains(got, "(4 packs") || strings.Contains(got, "not asked") {
		t.Errorf("got:\n%s", got)
	}
}
