package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// ReadArchive takes stock of the pack in an archive, whoever made it: a tar,
// compressed by gzip or not, with or without a top folder, in any order. The
// pack is the folder of the pack.json that is nearest to the top. The rules on
// what is left out are those for folders, so that the same pack has the same
// digest. The stream is read once, up to its end; no file is held in memory.
//
// Whatever is wrong with the bytes is ErrArchive, and ErrTooLarge or
// ErrUnsupported where it is that; an error of r is returned as it is.
func ReadArchive(ctx context.Context, r io.Reader, l Limits) (*Inventory, error) {
	s := getScratch()
	defer s.release()
	c, err := scan(ctx, r, l, s.receive)
	if err != nil {
		return nil, err
	}
	inv, _, err := c.pack()
	return inv, err
}

// receive digests a file of an archive.
func (s *scratch) receive(ctx context.Context, e *entry, r io.Reader) error {
	return s.copy(ctx, nil, r, &e.File)
}

var errNoMeta = errors.New("it holds no " + MetaFile)

// root returns the pack's folder in the archive with "/" at its end, empty for
// the archive's own top, and its pack.json.
func (c *contents) root() (string, *entry, error) {
	var all []string
	least := -1
	for name := range c.entries {
		if base(name) != MetaFile || hidden(name) {
			continue
		}
		depth := strings.Count(name, "/")
		if least < 0 || depth < least {
			least, all = depth, all[:0]
		}
		if depth == least {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	switch len(all) {
	case 0:
		return "", nil, fmt.Errorf("%w: %w", ErrArchive, errNoMeta)
	case 1:
		return strings.TrimSuffix(all[0], MetaFile), c.entries[all[0]], nil
	}
	return "", nil, fmt.Errorf("%w: it holds several packs, among them %s and %s: make an archive of each",
		ErrArchive, show(path.Dir(all[0])), show(path.Dir(all[1])))
}

// pack returns what belongs to the pack; parts[i] tells which of the archive's
// regular files has the bytes of Files[i].
func (c *contents) pack() (inv *Inventory, parts []int, err error) {
	root, meta, err := c.root()
	if err != nil {
		return nil, nil, err
	}
	if meta.Kind != Regular {
		return nil, nil, fmt.Errorf("%w: %s is no regular file", ErrArchive, show(meta.Path))
	}
	chosen := selection{}
	if ignore := c.entries[root+IgnoreFile]; ignore != nil {
		if ignore.strange == nil && ignore.Kind != Regular {
			ignore.strange = fmt.Errorf("%s: %w: make it a regular file", show(ignore.Path), ErrUnsupported)
		}
		if ignore.strange != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrArchive, ignore.strange)
		}
		if chosen.patterns, err = parseIgnore(ignore.ignore); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
	}
	kept, err := c.belonging(root, &chosen)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	files := make([]File, len(kept))
	parts = make([]int, len(kept))
	for i, e := range kept {
		files[i], parts[i] = e.File, e.part
	}
	if err := checkLinks(files); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return newInventory(files), parts, nil
}

// belonging returns the entries that belong to the pack, sorted, their paths
// relative to it.
func (c *contents) belonging(root string, chosen *selection) ([]*entry, error) {
	kept := make([]*entry, 0, len(c.entries))
	for name, e := range c.entries {
		rel, inside := strings.CutPrefix(name, root)
		switch {
		case !inside && !hidden(name):
			return nil, fmt.Errorf("%s lies beside the pack's folder %s: make an archive of that folder alone", show(c.strayed(root)), show(root))
		case inside && !chosen.dropsBelow(rel):
			kept = append(kept, e)
		}
	}
	if err := chosen.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(kept, func(a, b *entry) int { return byPath(a.File, b.File) })
	for _, e := range kept {
		if e.strange != nil {
			return nil, e.strange
		}
		if err := tooDeep(e.Path[len(root):]); err != nil {
			return nil, fmt.Errorf("%s: %w", show(e.Path), err)
		}
		for i := len(root); i < len(e.Path); i++ {
			if e.Path[i] == '/' && c.entries[e.Path[:i]] != nil {
				return nil, fmt.Errorf("%s is a file and a folder at once", show(e.Path[:i]))
			}
		}
	}
	for _, e := range kept {
		e.Path = e.Path[len(root):]
	}
	return kept, nil
}

// strayed returns the first file that lies outside of the pack.
func (c *contents) strayed(root string) string {
	first := ""
	for name := range c.entries {
		if !strings.HasPrefix(name, root) && !hidden(name) && (first == "" || name < first) {
			first = name
		}
	}
	return first
}
