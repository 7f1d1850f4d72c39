package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/git"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/manifest"
)

// markGit says of each pack where it is in git, and whether its files are as
// there. Outside a work tree, or before its first commit, there is nothing to say.
func (s *session) markGit(ctx context.Context, r *executor.VerifyReport) error {
	if r.Source == nil || s.catalog.WorkTree == "" {
		return nil
	}
	found, err := s.gitPaths(ctx, r)
	if err != nil {
		if ctx.Err() == nil {
			s.logger().WarnContext(ctx, "the git commits of packs are not known", "error", err)
			return nil
		}
		return err
	}
	for i := range r.Items {
		if it := &r.Items[i]; it.Status != executor.VerifyUnmanaged {
			it.Git = found[it.Path]
		}
	}
	r.Summary = executor.SummarizeVerify(r.Items)
	return nil
}

// gitPaths looks at every pack of a report once.
func (s *session) gitPaths(ctx context.Context, r *executor.VerifyReport) (map[string]*executor.GitPath, error) {
	root := s.catalog.WorkTree
	asked := make(map[string]bool)
	for i := range r.Items {
		asked[r.Items[i].Path] = true
	}
	var packs []*manifest.Pack
	var paths []string
	for i := range s.catalog.Packs {
		p := &s.catalog.Packs[i]
		if rel, err := filepath.Rel(root, p.Dir); err == nil && filepath.IsLocal(rel) && asked[p.Path] {
			packs, paths = append(packs, p), append(paths, rel)
		}
	}
	if shallow, err := git.Shallow(ctx, root); err != nil || shallow {
		s.notice("the clone is shallow: which commit changed a pack last is not known for sure; `git fetch --unshallow` helps")
	}
	commits, err := git.LastCommits(ctx, root, paths, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	dirty, err := s.dirtyPacks(ctx, packs, paths)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*executor.GitPath, len(packs))
	for i, p := range packs {
		found[p.Path] = &executor.GitPath{Path: filepath.ToSlash(paths[i]), Commit: commits[i], Dirty: commits[i] == "" || dirty[p]}
	}
	return found, nil
}

// dirtyPacks are the packs with files that are not as in git, or that git does
// not have, ignored ones among them.
func (s *session) dirtyPacks(ctx context.Context, packs []*manifest.Pack, paths []string) (map[*manifest.Pack]bool, error) {
	root := s.catalog.WorkTree
	changed, err := git.Changed(ctx, root)
	if err != nil {
		return nil, err
	}
	untracked, err := git.Untracked(ctx, root, paths)
	if err != nil {
		return nil, err
	}
	at := make(map[string]*manifest.Pack, len(packs))
	for _, p := range packs {
		at[p.Dir] = p
	}
	dirty := make(map[*manifest.Pack]bool)
	for _, files := range []map[string]bool{changed, untracked} {
		for file := range files {
			dir := file
			for at[dir] == nil && len(dir) > len(root) {
				dir = filepath.Dir(dir)
			}
			if p := at[dir]; p != nil && !dirty[p] && belongs(p, file) {
				dirty[p] = true
			}
		}
	}
	return dirty, nil
}

// belongs tells whether a file at or below a pack's path is part of it: what is
// left out does not make it another.
func belongs(p *manifest.Pack, file string) bool {
	rel, err := filepath.Rel(p.Dir, file)
	if err != nil || rel == "." { // an archive
		return true
	}
	text, _ := os.ReadFile(filepath.Join(p.Dir, pack.IgnoreFile)) // a pack that was read has one that is right, or none
	chosen, _ := pack.NewExclusions(string(text))
	rel = filepath.ToSlash(rel)
	return rel == pack.IgnoreFile || !chosen.Drops(rel)
}
