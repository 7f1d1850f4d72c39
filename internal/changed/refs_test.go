package changed_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/changed"
	"github.com/packs-cli/packs/internal/pack"
)

// since expects an error, and returns it.
func since(t *testing.T, dir, ref string) *changed.Error {
	t.Helper()
	_, err := changed.Since(t.Context(), dir, ref)
	var e *changed.Error
	if !errors.As(err, &e) {
		t.Fatalf("since %s: %v, want an *Error", ref, err)
	}
	return e
}

func TestUnknownRef(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	for ref, hint := range map[string]string{
		"origin/main":    "git fetch origin main:refs/remotes/origin/main",
		"v1":             "git fetch origin v1",
		"--help":         "name a branch",
		"main:packs":     "look at the name",
		"main^{tree}":    "look at the name",
		"0123456789abcd": "look at the name",
	} {
		e := since(t, c.dir, ref)
		if !errors.Is(e, changed.ErrUnknownRef) || !strings.Contains(e.Hint, hint) || !strings.Contains(e.Error(), ref) {
			t.Errorf("%s: %v (%s), want ErrUnknownRef and a hint with %q", ref, e, e.Hint, hint)
		}
	}
}

func TestNoWorkTree(t *testing.T) {
	t.Parallel()
	newCheckout(t) // skips where git is missing
	if e := since(t, t.TempDir(), "main"); !errors.Is(e, changed.ErrNoWorkTree) || e.Hint == "" {
		t.Errorf("got %v (%s)", e, e.Hint)
	}
}

func TestUnrelatedHistory(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.git("switch", "-q", "--orphan", "other")
	c.write("x", "x")
	c.commit()
	if e := since(t, c.dir, "main"); !errors.Is(e, changed.ErrNoBase) || !strings.Contains(e.Hint, "another commit") {
		t.Errorf("got %v (%s)", e, e.Hint)
	}
}

// TestShallow says that a shallow clone works where it holds the merge base, and
// says what to fetch where not.
func TestShallow(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.write("packs/a-1.0.0/values.yaml", "x")
	c.commit()
	c.git("switch", "-q", "main")
	c.write("README.md", "x")
	c.commit()
	clone := t.TempDir()
	gitIn(t, clone, "clone", "-q", "--depth=1", "--branch=work", "file://"+filepath.ToSlash(c.dir), "clone")
	clone = filepath.Join(clone, "clone")
	if e := since(t, clone, "origin/main"); !errors.Is(e, changed.ErrUnknownRef) || !strings.Contains(e.Hint, "shallow") {
		t.Errorf("without the reference: %v (%s)", e, e.Hint)
	}
	gitIn(t, clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
	if e := since(t, clone, "origin/main"); !errors.Is(e, changed.ErrNoBase) || !strings.Contains(e.Hint, "git fetch --unshallow") {
		t.Errorf("without the merge base: %v (%s)", e, e.Hint)
	}
	gitIn(t, clone, "fetch", "-q", "--deepen=1", "origin", "main:refs/remotes/origin/main", "work")
	d, err := changed.Since(t.Context(), clone, "origin/main")
	if err != nil {
		t.Fatal(err)
	}
	if !d.Touches(filepath.Join(clone, "packs", "a-1.0.0")) || d.Touches(filepath.Join(clone, "README.md")) {
		t.Error("the merge base is there, and the changes are others than those since it")
	}
}

// TestArchives compares archives by what is in them.
func TestArchives(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.git("switch", "-q", "main")
	archive := func(values, name string) {
		c.meta("x", "arch", "1.0.0")
		c.write("x/values.yaml", values)
		var b bytes.Buffer
		if _, err := pack.Build(t.Context(), &b, filepath.Join(c.dir, "x"), pack.Meta{Name: "arch", Version: "1.0.0"}); err != nil {
			t.Fatal(err)
		}
		c.remove("x")
		c.write("packs/"+name, b.String())
	}
	archive("a", "arch.tar.gz")
	archive("a", "same.tar.gz")
	c.commit()
	c.git("switch", "-q", "-c", "more")
	archive("b", "arch.tar.gz")
	if err := os.Chmod(filepath.Join(c.dir, "packs", "same.tar.gz"), 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := changed.Since(t.Context(), c.dir, "main")
	if err != nil {
		t.Fatal(err)
	}
	cat := c.catalog()
	s, err := d.Select(t.Context(), cat)
	if err != nil {
		t.Fatal(err)
	}
	h, err := d.History(t.Context(), cat.Packs)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range s.Packs {
		got = append(got, filepath.Base(cat.Packs[i].Dir)+": "+strings.Join(h.Changed[i], " "))
	}
	if want := []string{"arch.tar.gz: values.yaml", "same.tar.gz: "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := changed.Since(ctx, c.dir, "main"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cause of the context", err)
	}
}
