package git

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Changed returns which tracked files of the work tree with that root are not as
// in the commit that is checked out, staged or not, removed ones among them.
// Files are absolute. There has to be a commit; outside a work tree nothing is
// returned.
func Changed(ctx context.Context, root string) (map[string]bool, error) {
	out, err := run(ctx, root, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "HEAD", "--")
	if err != nil {
		return nil, err
	}
	files := make(map[string]bool)
	for name := range bytes.SplitSeq(out, []byte{0}) {
		if len(name) > 0 {
			files[filepath.Join(root, filepath.FromSlash(string(name)))] = true
		}
	}
	return files, nil
}

// LastCommits returns for each path, absolute or relative to root, the full hash
// of the last commit that touched it or what is in it; "" where there is none. At
// most workers of them are looked for at once. There has to be a commit.
func LastCommits(ctx context.Context, root string, paths []string, workers int) ([]string, error) {
	commits := make([]string, len(paths))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(workers, 1))
	for i, path := range paths {
		g.Go(func() error {
			out, err := run(ctx, root, "--literal-pathspecs", "rev-list", "--max-count=1", "HEAD", "--", path)
			commits[i] = strings.TrimSpace(string(out))
			return err
		})
	}
	return commits, g.Wait()
}

// Shallow tells whether a work tree has only a part of its history, as CI checks
// it out: the first commit of that part then seems to have touched everything.
func Shallow(ctx context.Context, root string) (bool, error) {
	out, err := run(ctx, root, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}
