package render_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

// hostile is text that would do harm in a page that does not escape it.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "\x1b[2J\u202e"

func verified() *executor.VerifyReport {
	r := &executor.VerifyReport{
		APIVersion: plan.APIVersion, Kind: executor.VerifyKind, Tool: "1.2.3", Deep: true,
		Source: &plan.Source{Commit: "c0ffee", Dirty: true},
		Items: []executor.VerifyItem{
			{Status: executor.VerifyOK, Registry: "one", Repository: "spectro-packs/archive"},
			{
				Status: executor.VerifyOK, Registry: "one", Repository: "spectro-packs/archive/a", Name: "a", Version: "1.0.0", Path: "packs/a",
				Reference: "h/spectro-packs/archive/a:1.0.0", Digest: "sha256:aa", ContentDigest: "v1:sha256:bb", Published: "v1:sha256:bb",
				Proof: executor.ProofLayer, Git: &executor.GitPath{Path: "x/packs/a", Commit: "abc123", Dirty: true},
			},
			{
				Status: executor.VerifyDifferent, Registry: "one", Repository: "spectro-packs/archive/b", Name: "b", Version: "1.0.0",
				Problem: "published with other content", Hint: "bump the version", Changes: &plan.Changes{Modified: []string{"values.yaml"}},
				Published: "v1:sha256:cc", Proof: executor.ProofManifest,
			},
			{Status: executor.VerifyUnmanaged, Registry: "two", Repository: "spectro-packs/archive/c", Name: hostile, Version: hostile, Problem: hostile, Digest: hostile},
			{Status: executor.VerifyOK, Registry: "two", Repository: "spectro-packs/archive/d", Name: "d", Version: "1", From: "old"},
		},
		Listings: []executor.Listing{{Registry: "two", Gaps: []string{"does not list\nits repositories"}}},
	}
	r.Summary = executor.SummarizeVerify(r.Items)
	return r
}

func page(t *testing.T, r *executor.VerifyReport) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.HTMLVerify(&b, r, render.VerifyOptions{File: "packs.yaml"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestHTMLLoadsNothing: the page is one file, and its policy allows only the
// style and the script in it.
func TestHTMLLoadsNothing(t *testing.T) {
	t.Parallel()
	text := page(t, verified())
	inline := map[string]string{}
	var policy string
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatal(z.Err())
			}
			break
		}
		tok := z.Token()
		for _, a := range tok.Attr {
			switch {
			case a.Key == "src", a.Key == "href", a.Key == "style", strings.HasPrefix(a.Key, "on"), a.Key == "action":
				t.Errorf("<%s %s=%q>", tok.Data, a.Key, a.Val)
			case a.Key == "content" && strings.Contains(a.Val, "default-src"):
				policy = a.Val
			}
		}
		if kind == html.StartTagToken && (tok.Data == "style" || tok.Data == "script") {
			if inline[tok.Data] != "" {
				t.Errorf("a second <%s>", tok.Data)
			}
			z.Next()
			inline[tok.Data] = string(z.Raw())
		}
	}
	for _, tag := range []string{"style", "script"} {
		sum := sha256.Sum256([]byte(inline[tag]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("policy %q does not allow the %s: %s", policy, tag, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || regexp.MustCompile(`https?://|@import|url\(`).MatchString(text) {
		t.Errorf("something is loaded; policy %q", policy)
	}
}

func TestHTMLEscapesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	text := page(t, verified())
	if n := strings.Count(text, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	for _, bad := range []string{"<img", "\x1b", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(text, "&lt;script&gt;alert(1)") {
		t.Error("the hostile text is not shown")
	}
}

// TestHTMLSaysEverythingWithoutItsScript: what an auditor asks for stands in the page itself.
func TestHTMLSaysEverythingWithoutItsScript(t *testing.T) {
	t.Parallel()
	text := page(t, verified())
	for _, want := range []string{
		"<title>Verification of packs.yaml</title>", "Not verified: 3 right, 1 different, 1 unmanaged, 1 not as in git, and what else registries hold is not known.", "<code>c0ffee</code>",
		"<h2>one <span>h/spectro-packs/archive</span></h2>", `data-state="different"`, "<code>x/packs/a</code>", "<code>abc123</code>",
		"files of the pack are not as in git", "<code>~ values.yaml</code>", "(as the manifest says)", "not all that it holds is known: does not list: its repositories",
		"<span>copied from</span><br><code>old</code>", "prefers-color-scheme: dark", `<html lang="en">`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if !strings.Contains(text, `data-filter hidden`) {
		t.Error("a filter shows where no script runs")
	}
	if page(t, verified()) != text {
		t.Error("the same report makes two pages")
	}
}

func TestVerifyAsMarkdownAndText(t *testing.T) {
	t.Parallel()
	r := verified()
	var b bytes.Buffer
	if err := render.MarkdownVerify(&b, r, render.VerifyOptions{File: "packs.yaml"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"git commit `c0ffee`, with changes that are not committed\n", "| = ok | `a@1.0.0` | `x/packs/a` at `abc123`, with changes that are not committed | `v1:sha256:bb` | `v1:sha256:bb` | `sha256:aa` |  |\n",
		"| \\! different | `b@1.0.0` |", "published with other content<br>\\~ values.yaml", "copied from `old`", "> note: two: not all",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("markdown lacks %q:\n%s", want, b.String())
		}
	}
	if outside := regexp.MustCompile("`[^`]*`").ReplaceAllString(b.String(), ""); strings.Contains(outside, "<script") || strings.Contains(b.String(), "\x1b") {
		t.Errorf("markdown is not escaped:\n%s", b.String())
	}
	b.Reset()
	if err := render.Verify(&b, render.Style{}, r, render.VerifyOptions{File: "packs.yaml"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  ! different  b@1.0.0  ", "  published with other content\n", "~ values.yaml\n", "bump the version\n", "  + unmanaged  ", "note: two: not all that it holds is known: does not list: its repositories\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("text lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "a@1.0.0") {
		t.Errorf("what is right is listed without --all:\n%s", b.String())
	}
}
