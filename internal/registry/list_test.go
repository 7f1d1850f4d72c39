package registry_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
)

func TestDirectlyBelow(t *testing.T) {
	t.Parallel()
	names := []string{
		"team/archive/nginx", "team/archive", "team/archive/", "team/archive/a/b", "team/archives/x",
		"other/team/archive/x", "team/archive/argo", "team/archive/nginx", "nginx",
	}
	want := []string{"team/archive/argo", "team/archive/nginx"}
	if got := registry.DirectlyBelow(names, "team/archive"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNotListedKeepsTheCause(t *testing.T) {
	t.Parallel()
	inner := &registry.Error{Op: "read", Ref: "h", Err: registry.ErrDenied, Hint: "another"}
	err := registry.NotListed("h/base", inner, "ask by name")
	var e *registry.Error
	if !errors.Is(err, registry.ErrNotListed) || !errors.Is(err, registry.ErrDenied) || !errors.As(err, &e) || e.Hint != "ask by name" {
		t.Errorf("%v", err)
	}
	if want := "list repositories h/base: the registry does not list its repositories: access denied"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
