// Package precheck checks what publishing itself needs of packs: a right
// pack.json, and content that an archive can hold.
package precheck

import (
	"context"
	"errors"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/pack"
)

// The rules that publishing itself needs.
const (
	RuleCatalog   = "packs-yaml"     // packs.yaml is wrong
	RuleMeta      = "pack-json"      // pack.json cannot be read, or lacks what publishing needs
	RuleContent   = "pack-content"   // what is in the pack cannot be published
	RuleDuplicate = "duplicate-pack" // one NAME:VERSION from two folders
)

// Subject is a pack to check.
type Subject struct {
	Path  string // of the folder or archive
	Shown string // the same for findings
	// MetaKnown says that pack.json was read already and is right.
	MetaKnown bool
}

// Check reads packs, some at once, and returns what keeps them from being
// published, in their order. The error is that of the context.
func Check(ctx context.Context, subjects []Subject, workers int) ([]lint.Finding, error) {
	found := make([][]lint.Finding, len(subjects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(workers, 1))
	for i := range subjects {
		g.Go(func() error {
			found[i] = checkOne(ctx, &subjects[i])
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []lint.Finding
	for _, f := range found {
		all = append(all, f...)
	}
	return all, nil
}

func checkOne(ctx context.Context, s *Subject) []lint.Finding {
	var meta pack.Meta
	if !s.MetaKnown {
		var err error
		if meta, err = pack.ReadMeta(s.Path); err != nil {
			return metaFindings(s, err)
		}
	}
	if _, err := pack.Read(ctx, s.Path, pack.Options{}); err != nil {
		return []lint.Finding{{
			Rule: RuleContent, Severity: lint.Error, Path: s.Shown, Name: meta.Name, Version: meta.Version, Message: err.Error(),
		}}
	}
	return nil
}

// metaFindings is a finding for each mistake in pack.json.
func metaFindings(s *Subject, err error) []lint.Finding {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all := make([]lint.Finding, 0, len(many.Unwrap()))
		for _, e := range many.Unwrap() {
			all = append(all, metaFindings(s, e)...)
		}
		return all
	}
	f := lint.Finding{Rule: RuleMeta, Severity: lint.Error, Path: s.Shown, Message: err.Error()}
	var meta *pack.MetaError
	if errors.As(err, &meta) {
		f.Line, f.Column, f.Message, f.Hint = meta.Line, meta.Column, meta.Message, meta.Hint
		if rel, err := filepath.Rel(s.Path, meta.File); err == nil {
			f.Path = filepath.Join(s.Shown, rel)
		}
	}
	return []lint.Finding{f}
}
