package render

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/packs-cli/packs/docs"
	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	ids := Codes()
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("a code is there twice: %q", ids)
	}
	for _, id := range ids {
		if page, ok := docs.Error(id); !ok || len(page) < len("# PACKS0000 ")+80 {
			t.Errorf("docs/errors.md does not explain %s: %q", id, page)
		}
	}
	if _, ok := docs.Error("PACKS"); ok {
		t.Error("half a code is explained")
	}
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	at := func(err error) error {
		return fmt.Errorf("push: %w", &registry.Error{Op: "upload", Ref: "r", Err: err})
	}
	tests := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{fmt.Errorf("something else"), ""},
		{&manifest.InvalidError{}, "PACKS1001"},
		{&executor.InputError{Option: "--pack"}, "PACKS1003"},
		{&executor.PackError{Path: "p", Err: fmt.Errorf("x")}, "PACKS1004"},
		{&executor.PackError{Path: "p", Err: pack.ErrChanged}, "PACKS1005"},
		{at(registry.ErrUnreachable), "PACKS2001"},
		{at(registry.ErrUnauthorized), "PACKS2003"},
		{at(fmt.Errorf("%w: %w", registry.ErrNotFound, registry.ErrNoRepository)), "PACKS2005"},
		{at(registry.ErrNotFound), "PACKS2016"},
		{at(&transport.StatusError{Status: 503}), "PACKS2012"},
		{at(&transport.StatusError{Status: 418}), ""},
		{fmt.Errorf("%w: %w", executor.ErrInterrupted, context.Canceled), "PACKS9001"},
		{fmt.Errorf("x: %w", executor.ErrConflict), "PACKS3001"},
	}
	for _, tt := range tests {
		if got := CodeOf(tt.err); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.want)
		}
	}
}
