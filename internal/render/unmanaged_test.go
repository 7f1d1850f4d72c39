package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

func TestUnmanagedVersionsInEveryFormat(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{
		Actions: []plan.Action{
			{Kind: plan.Push, Registry: "one", Repository: "x/a", Name: "a", Version: "1", Reference: "h/x/a:1", Reason: "version is missing"},
			{Kind: plan.Delete, Registry: "two", Repository: "x/a", Name: "a", Version: "0", Reference: "i/x/a:0", Reason: "retired"},
			{Kind: plan.Push, Registry: "two", Repository: "x/a", Name: "a", Version: "1", Reference: "i/x/a:1", Reason: "version is missing"},
		},
		Unmanaged: []plan.Unmanaged{
			{Registry: "one", Repository: "x/b", Name: hostile, Version: "1", Reference: "h/x/b:1"},
			{Registry: "idle", Repository: "x/c", Name: "c", Version: "1", Reference: "j/x/c:1"},
			{Registry: "two", Repository: "x/a", Name: "a", Version: "0", Reference: "i/x/a:0"}, // is deleted
		},
		Gaps: []string{"two: not all\nis known"},
	}
	p.Summary = plan.Summarize(p.Actions)
	var text, markdown, html, list, listHTML bytes.Buffer
	l := render.NewList(p)
	for _, err := range []error{
		render.Plan(&text, render.Style{}, p, render.PlanOptions{File: "packs.yaml"}), render.MarkdownPlan(&markdown, p, render.PlanOptions{File: "packs.yaml"}),
		render.HTMLPlan(&html, p, render.PlanOptions{File: "packs.yaml"}), render.TextList(&list, render.Style{}, l), render.HTMLList(&listHTML, l),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ what, got, want string }{
		{"text", text.String(), "2 versions are published that packs.yaml does not have."},
		{"text", text.String(), "note: two: not all: is known"},
		{"text", text.String(), "\nidle  j/x\n  * unmanaged  c@1"},
		{"markdown", markdown.String(), "> note: two: not all: is known"},
		{"markdown", markdown.String(), "| \\* unmanaged | `c@1` |"},
		{"page", html.String(), "<h2>idle <span>j/x</span></h2>"},
		{"page", html.String(), "two: not all: is known"},
		{"list", list.String(), "1        -          -          unmanaged"},
		{"list", list.String(), "4 versions for 3 registries: 2 missing, 3 unmanaged."},
		{"list", list.String(), "note: two: not all: is known"},
		{"page of the list", listHTML.String(), "two: not all: is known"},
	} {
		if !strings.Contains(tt.got, tt.want) {
			t.Errorf("%s lacks %q:\n%s", tt.what, tt.want, tt.got)
		}
	}
	one, two := strings.Index(text.String(), "alert(1)"), strings.Index(text.String(), "\ntwo")
	if one < 0 || two < one {
		t.Errorf("an unmanaged version does not stand with its registry:\n%s", text.String())
	}
	for _, b := range []string{text.String(), html.String(), list.String(), listHTML.String()} {
		if strings.ContainsAny(b, "\x1b\u202e") {
			t.Errorf("%q can steer a terminal", b)
		}
	}
}
