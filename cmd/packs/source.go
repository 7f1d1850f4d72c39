package main

import (
	"context"
	"path/filepath"

	"github.com/packs-cli/packs/internal/git"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// gitSource is the commit that the catalog is read from. A git that cannot tell
// is no reason to stop: the result then says nothing of a commit.
func (a *app) gitSource(ctx context.Context, c *manifest.Catalog) *plan.Source {
	var written []string // layouts are what runs write, not what they read
	for i := range c.Registries {
		if c.Registries[i].Type == manifest.TypeLayout {
			written = append(written, c.Registries[i].Path)
		}
	}
	state, err := git.Read(ctx, c.Dir, written)
	if err != nil {
		a.logger().InfoContext(ctx, "the git commit is not known", "error", err)
	}
	if state == nil {
		return nil
	}
	return &plan.Source{Commit: state.Commit, Dirty: state.Dirty}
}

// markUntracked names the changed files that git does not track: often the
// reason why a pack differs on one machine only.
func (s *session) markUntracked(ctx context.Context, p *plan.Plan) error {
	dirs := make(map[string]string) // of packs, by their path in the plan
	for i := range s.catalog.Packs {
		if pack := &s.catalog.Packs[i]; !pack.Archive {
			dirs[pack.Path] = pack.Dir
		}
	}
	var changed []*plan.Action
	var folders []string
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Changes.Len() > 0 && dirs[a.Path] != "" {
			changed = append(changed, a)
			folders = append(folders, dirs[a.Path])
		}
	}
	if len(changed) == 0 {
		return nil
	}
	untracked, err := git.Untracked(ctx, s.catalog.Dir, folders)
	if err != nil {
		s.logger().InfoContext(ctx, "untracked files are not known", "error", err)
		return ctx.Err()
	}
	for _, a := range changed {
		for _, names := range [][]string{a.Changes.Added, a.Changes.Modified} {
			for _, name := range names {
				if untracked[filepath.Join(dirs[a.Path], filepath.FromSlash(name))] {
					a.Changes.Untracked = append(a.Changes.Untracked, name)
				}
			}
		}
	}
	return nil
}
