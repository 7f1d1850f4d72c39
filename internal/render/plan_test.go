package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// samplePlan has an action of every kind.
func samplePlan() *plan.Plan {
	version := func(k plan.ActionKind, reg, name, v, reason string, bytes int64) plan.Action {
		repo := "team/spectro-packs/archive/" + name
		return plan.Action{
			Kind: k, Registry: reg, Repository: repo, Name: name, Version: v, Path: name, Reason: reason, Bytes: bytes,
			Reference: reg + ".example:5000/" + repo + ":" + v,
		}
	}
	down := func(name string) plan.Action {
		err := &registry.Error{Op: "read manifest", Ref: name, Err: fmt.Errorf("%w: connection refused", registry.ErrUnreachable), Hint: "start it"}
		a := version(plan.Unknown, "prod", name, "1.0.0", err.Error(), 10)
		a.Err = err
		return a
	}
	conflict := version(plan.Conflict, "dev", "nginx", "1.2.0", "published with other content: ~values.yaml, +a, -b and 2 more; the tag is immutable", 24_000)
	conflict.Changes = &plan.Changes{Added: []string{"a"}, Removed: []string{"b"}, Modified: []string{"values.yaml"}, Mode: []string{"run.sh", "z.sh"}, Untracked: []string{"a"}}
	conflict.Hint = "bump the version; `packs apply --overwrite nginx@1.2.0` replaces what is published"
	over := version(plan.Overwrite, "dev", "argo-cd", "3.3.5", "published with other content", 1_200_000)
	over.Warning = "clusters ask for content that is then gone"
	odd := version(plan.Unchanged, "dev", "odd", "1.0.0", "published with the same content", 10)
	odd.Warning, odd.Hint = "what is published has no title", "`packs apply --repair-shape` publishes it in the right shape"
	p := &plan.Plan{Actions: []plan.Action{
		{Kind: plan.CreateRepository, Registry: "dev", Repository: "team/spectro-packs/archive", Reason: "base path repository is missing"},
		over, conflict, odd,
		version(plan.Push, "dev", "a-pack-whose-name-is-so-long-that-it-cannot-be-shown-as-it-is-in-80-columns", "1.0.0", "version is missing", 8_400_000),
		version(plan.Skip, "dev", "left", "2.0.0", "published with other content; left as it is (onChange: skip)", 5),
		down("x"), down("y"), down("z"),
	}}
	p.Summary = plan.Summarize(p.Actions)
	return p
}

func planText(t *testing.T, s Style, p *plan.Plan, o PlanOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Plan(&b, s, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPlanFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{40, 80, 120, 200} {
		text := planText(t, Style{Width: columns}, samplePlan(), PlanOptions{File: "packs.yaml", ShowUnchanged: true})
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if width(line) > max(columns, 60) { // below 60 columns single words may stick out
				t.Errorf("%d columns in a terminal of %d: %q", width(line), columns, line)
			}
		}
	}
}

func TestPlanText(t *testing.T) {
	t.Parallel()
	const want = `dev  dev.example:5000/team/spectro-packs/archive
  + create     team/spectro-packs/archive
               base path repository is missing
  ~ overwrite  argo-cd@3.3.5                        1.2 MB
               published with other content
  ! conflict   nginx@1.2.0                         24.0 kB
               published with other content (5 files); the tag is immutable
               ~ values.yaml
               + a (untracked in git)
               - b
               x run.sh (executable bit)
               x z.sh (executable bit)
               bump the version; ` + "`packs apply --overwrite nginx@1.2.0`" + ` replaces
               what is published
  + push       a-pack-whose-nam…80-columns@1.0.0    8.4 MB  version is missing
  . skip       left@2.0.0                              5 B
               published with other content; left as it is (onChange: skip)

prod  prod.example:5000/team/spectro-packs/archive
  ? unknown    3 versions
               registry cannot be reached: connection refused

warning: argo-cd@3.3.5 in dev: clusters ask for content that is then gone
warning: odd@1.0.0 in dev: what is published has no title
  ` + "`packs apply --repair-shape`" + ` publishes it in the right shape

Plan: 1 repository to create, 1 version to push, 1 to overwrite (9.6 MB), 1
unchanged, 1 skipped, 1 conflict, 3 unknown.
`
	got := planText(t, Style{Width: 80}, samplePlan(), PlanOptions{File: "packs.yaml"})
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestPlanWithoutTerminalCutsNothing(t *testing.T) {
	t.Parallel()
	got := planText(t, Style{}, samplePlan(), PlanOptions{})
	if !strings.Contains(got, "a-pack-whose-name-is-so-long-that-it-cannot-be-shown-as-it-is-in-80-columns@1.0.0") {
		t.Errorf("a name was cut:\n%s", got)
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("escape codes without a terminal:\n%q", got)
	}
}

func TestPlanColorsAreNeverTheOnlySign(t *testing.T) {
	t.Parallel()
	plain := planText(t, Style{Width: 100}, samplePlan(), PlanOptions{})
	colored := planText(t, Style{Width: 100, Color: true}, samplePlan(), PlanOptions{})
	if plain == colored {
		t.Error("no colours")
	}
	for _, code := range []string{bold, dim, red, green, yellow, cyan, "0"} {
		colored = strings.ReplaceAll(colored, "\x1b["+code+"m", "")
	}
	if trimLines(colored) != trimLines(plain) {
		t.Errorf("colours change the text:\n%s\nwant:\n%s", colored, plain)
	}
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestNoChangesIsOneLine(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{}
	for _, r := range []string{"a", "b"} {
		for i := range 16 {
			p.Actions = append(p.Actions, plan.Action{Kind: plan.Unchanged, Registry: r, Name: "n", Version: fmt.Sprint(i)})
		}
	}
	p.Summary = plan.Summarize(p.Actions)
	got := planText(t, Style{Width: 80}, p, PlanOptions{File: "packs.yaml"})
	if want := "No changes: 16 versions in 2 registries are as in packs.yaml.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlanIsSafeForTerminals(t *testing.T) {
	t.Parallel()
	evil := "evil\x1b]0;gone\x07\u202e\r\n"
	a := plan.Action{
		Kind: plan.Unknown, Registry: evil, Repository: evil, Name: evil, Version: evil, Reason: evil, Warning: evil, Hint: evil,
		Reference: evil, Err: errors.New(evil),
	}
	c := a
	c.Kind, c.Changes = plan.Conflict, &plan.Changes{Added: []string{evil}}
	p := &plan.Plan{Actions: []plan.Action{a, c}, Remarks: []string{evil}}
	p.Summary = plan.Summarize(p.Actions)
	var markdown, js bytes.Buffer
	if err := errors.Join(MarkdownPlan(&markdown, p, PlanOptions{File: evil}), JSON(&js, p)); err != nil {
		t.Fatal(err)
	}
	for kind, text := range map[string]string{"text": planText(t, Style{Width: 80}, p, PlanOptions{File: evil}), "markdown": markdown.String(), "json": js.String()} {
		if strings.ContainsAny(text, "\x1b\x07\r\u202e") {
			t.Errorf("%s holds control characters: %q", kind, text)
		}
	}
	var back plan.Plan
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || back.Actions[0].Name != evil {
		t.Errorf("JSON does not read the same: %q, %v", back.Actions[0].Name, err)
	}
}

func TestMarkdownPlan(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := MarkdownPlan(&b, samplePlan(), PlanOptions{File: "packs.yaml"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"### Plan: 1 repository to create, 1 version to push, 1 to overwrite (9.6 MB), 1 unchanged, 1 skipped, 1 conflict, 3 unknown.\n",
		"#### dev\n", "| \\~ overwrite | `argo-cd@3.3.5` | 1.2 MB |", "`packs apply --overwrite nginx@1.2.0`",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	if got, want := escapeMarkdown("a|b <script> @team `x|y`"), "a\\|b &lt;script&gt; @<!-- -->team `x\\|y`"; got != want {
		t.Errorf("escapeMarkdown = %q, want %q", got, want)
	}
}
