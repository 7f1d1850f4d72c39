package plan_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/packs-cli/packs/plan"
	"github.com/packs-cli/packs/schema"
)

const content = "v1:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// saved is a plan in a file, with one action of each sort.
func saved() *plan.Plan {
	p := &plan.Plan{APIVersion: plan.APIVersion, Kind: plan.Kind, Tool: "1.2.3", Saved: &plan.Saved{Format: plan.SavedFormat, Overwrite: []string{"a@1.1.0"}}}
	there := &plan.Published{Digest: "sha256:" + strings.Repeat("a", 64), ContentDigest: strings.Replace(content, "0", "f", 1)}
	p.Actions = []plan.Action{
		{Kind: plan.CreateRepository, Registry: "r", Repository: "x/a", Reason: "repository is missing"},
		{Kind: plan.Push, Registry: "r", Repository: "x/a", Name: "a", Version: "1.0.0", Path: "a-1.0.0", Reference: "h/x/a:1.0.0", ContentDigest: content, Reason: "version is missing", Bytes: 10},
		{
			Kind: plan.Overwrite, Registry: "r", Repository: "x/a", Name: "a", Version: "1.1.0", Path: "a-1.1.0", Reference: "h/x/a:1.1.0", ContentDigest: content,
			Reason: "other", Bytes: 11, Observed: there, Changes: &plan.Changes{Modified: []string{"values.yaml"}},
		},
		{Kind: plan.Unknown, Registry: "r", Repository: "x/b", Name: "b", Version: "1.0.0", Path: "b", Reference: "h/x/b:1.0.0", Reason: "down"},
	}
	p.Summary = plan.Summarize(p.Actions)
	return p
}

func encode(t interface{ Fatal(args ...any) }, p *plan.Plan) []byte {
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecodeReadsWhatWasSaved(t *testing.T) {
	t.Parallel()
	want := saved()
	got, err := plan.Decode(encode(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	change := func(f func(*plan.Plan)) string {
		p := saved()
		f(p)
		return string(encode(t, p))
	}
	of := func(i int, f func(*plan.Action)) string {
		return change(func(p *plan.Plan) {
			f(&p.Actions[i])
			p.Summary = plan.Plan{}.Summary
			for j := range p.Actions {
				if p.Actions[j].Kind == "chmod" {
					return
				}
			}
			p.Summary = plan.Summarize(p.Actions)
		})
	}
	text := string(encode(t, saved()))
	for _, tt := range []struct{ name, text, want string }{
		{"an empty file", "", "no JSON object"},
		{"YAML", "apiVersion: packs/v1\nkind: Plan\n", "no JSON object"},
		{"half a file", text[:len(text)/2], "cannot be read as JSON"},
		{"something else", `{"kind":"Plan"}`, `its apiVersion is ""`},
		{"another kind", `{"apiVersion":"packs/v1","kind":"ApplyReport"}`, `it is a "ApplyReport", not a Plan`},
		{"a key that is not known", strings.Replace(text, `"reason"`, `"hooks":[],"reason"`, 1), `the key "hooks" is not known`},
		{"an unknown action", of(1, func(a *plan.Action) { a.Kind = "chmod" }), `no action "chmod"`},
		{"no registry", of(1, func(a *plan.Action) { a.Registry = "" }), "action 2: it names no registry"},
		{"half a version", of(1, func(a *plan.Action) { a.Version = "" }), "and not both"},
		{"a push of nothing", of(1, func(a *plan.Action) { a.Name, a.Version = "", "" }), "push names no version"},
		{"a repository with a version", of(0, func(a *plan.Action) { a.Name, a.Version = "a", "1" }), "create-repository names a version"},
		{"no content digest", of(1, func(a *plan.Action) { a.ContentDigest = "v1:sha256:x" }), "content digest"},
		{"no digest", of(2, func(a *plan.Action) { a.Observed.Digest = "x" }), "digests of what is published"},
		{"a blind overwrite", of(2, func(a *plan.Action) { a.Observed = nil }), "does not say what"},
		{"less than nothing", of(1, func(a *plan.Action) { a.Bytes = -1 }), "-1 bytes"},
		{"another summary", change(func(p *plan.Plan) { p.Summary.Overwrite = 0 }), "summary"},
		{"a shard that is none", change(func(p *plan.Plan) { p.Shard = &plan.Shard{Index: 2, Count: 2} }), "no shard 2/2"},
		{"no shards at all", change(func(p *plan.Plan) { p.Shard = &plan.Shard{} }), "no shard 0/0"},
		{"format 0", change(func(p *plan.Plan) { p.Saved.Format = 0 }), "no format 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var e *plan.FileError
			if _, err := plan.Decode([]byte(tt.text)); !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestDecodeTellsOfNewerVersions(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"apiVersion":"packs/v2","kind":"Plan","tool":"9.0.0","steps":[]}`,
		`{"apiVersion":"packs/v1","kind":"Plan","tool":"9.0.0","saved":{"format":2,"undo":true},"actions":[{"action":"rename"}]}`,
	} {
		_, err := plan.Decode([]byte(text))
		if !errors.Is(err, plan.ErrNewer) || !strings.Contains(err.Error(), "newer version of packs (9.0.0)") {
			t.Errorf("%s: %v, want ErrNewer and the version", text, err)
		}
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	at := func(i int, f func(*plan.Action)) func(*plan.Plan) { return func(p *plan.Plan) { f(&p.Actions[i]) } }
	other := strings.Replace(content, "0", "e", 1)
	done := at(1, func(a *plan.Action) {
		a.Kind, a.Reason, a.Observed = plan.Unchanged, "there", &plan.Published{Digest: "sha256:" + strings.Repeat("c", 64), ContentDigest: content}
	})
	tests := []struct {
		name string
		now  func(*plan.Plan)
		want string // "" for nothing
	}{
		{"the same", func(*plan.Plan) {}, ""},
		{"another commit", func(p *plan.Plan) { p.Source = &plan.Source{Commit: "x"} }, ""},
		{"git tracks a file now", at(2, func(a *plan.Action) { a.Changes.Untracked = []string{"values.yaml"} }), ""},
		{"the push is done", done, ""},
		{"the overwrite is done", at(2, func(a *plan.Action) { a.Kind = plan.Unchanged; a.Observed.ContentDigest = content }), ""},
		{"the repository is there", func(p *plan.Plan) { p.Actions = p.Actions[1:] }, ""},
		{"the registry is down for another cause", at(3, func(a *plan.Action) { a.Reason = "refused" }), ""},
		{"the registry is up again", at(3, func(a *plan.Action) { a.Kind = plan.Push }), "it was unknown: down, and is now push"},
		{"done with other content", func(p *plan.Plan) { done(p); p.Actions[1].ContentDigest = other }, "and is now unchanged"},
		{"the pack was edited", at(1, func(a *plan.Action) { a.ContentDigest = other }), "content of the pack was " + content},
		{"somebody else overwrote", at(2, func(a *plan.Action) { a.Observed.Digest = "sha256:" + strings.Repeat("b", 64) }), "holds now sha256:bbb"},
		{"the host changed", at(1, func(a *plan.Action) { a.Reference = "other/x/a:1.0.0" }), `is now from "a-1.0.0" to "other/x/a:1.0.0"`},
		{"the folder changed", at(1, func(a *plan.Action) { a.Path = "b" }), `is now from "b"`},
		{"a conflict", at(1, func(a *plan.Action) { a.Kind, a.Reason = plan.Conflict, "other" }), "is now conflict: other"},
		{"other files", at(2, func(a *plan.Action) { a.Changes.Added = []string{"x"} }), "the plan told"},
		{"another size", at(2, func(a *plan.Action) { a.Bytes++ }), "(11 bytes), and it is now overwrite: other (12 bytes)"},
		{"another reason", at(1, func(a *plan.Action) { a.Reason = "because" }), "push: because"},
		{"no pack any more", func(p *plan.Plan) { p.Actions = p.Actions[:3] }, "is not planned any more"},
		{"a further repository", func(p *plan.Plan) {
			p.Actions = append(p.Actions, plan.Action{Kind: plan.CreateRepository, Registry: "r", Repository: "x/c", Reason: "missing"})
		}, "it was not planned, and is now create-repository: missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := saved()
			tt.now(now)
			moves := plan.Moved(saved(), now)
			switch {
			case tt.want == "" && len(moves) > 0:
				t.Errorf("moved: %s", moves[0].What)
			case tt.want != "" && (len(moves) != 1 || !strings.Contains(moves[0].What, tt.want)):
				t.Errorf("moved %+v, want one with %q", moves, tt.want)
			}
		})
	}
}

func TestNothingIsPlannedTwice(t *testing.T) {
	t.Parallel()
	p := saved()
	p.Actions = append(p.Actions, p.Actions[1])
	if moves := plan.Moved(p, saved()); len(moves) != 1 || moves[0].What != "it is planned twice" {
		t.Errorf("moved %+v", moves)
	}
}

// TestWhatAnApplyDoesIsNoMove: a plan may be stopped anywhere and applied again.
func TestWhatAnApplyDoesIsNoMove(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		p := plan.Compute(d, o)
		if moves := plan.Moved(p, p); len(moves) > 0 {
			t.Fatalf("a plan moved without reason: %+v", moves)
		}
		part := *p
		part.Actions = part.Actions[:rapid.IntRange(0, len(p.Actions)).Draw(t, "done")]
		if moves := plan.Moved(p, plan.Compute(d, carryOut(&part, o))); len(moves) > 0 {
			t.Fatalf("what was done counts as moved: %+v", moves[0])
		}
	})
}

// FuzzDecode: what is accepted fits the schema and is written as it was read.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, saved()))
	f.Add([]byte(`{"apiVersion":"packs/v1","kind":"Plan","summary":{},"actions":[]}`))
	if text, err := os.ReadFile("../schema/plan.schema.json"); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Decode(data)
		if err != nil {
			return
		}
		again := encode(t, p)
		if err := schema.Validate(schema.Plan, again); err != nil {
			t.Errorf("%q does not fit the schema: %v", again, err)
		}
		if q, err := plan.Decode(again); err != nil || string(encode(t, q)) != string(again) {
			t.Errorf("%q is read again as %+v, %v", again, q, err)
		}
		if moves := plan.Moved(p, p); len(moves) > 0 && !strings.Contains(moves[0].What, "twice") {
			t.Errorf("%q moved: %s", again, moves[0].What)
		}
	})
}
