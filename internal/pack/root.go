package pack

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// capped keeps up to max bytes and drops the rest.
type capped struct {
	b   []byte
	max int
}

func (c *capped) Write(p []byte) (int, error) {
	c.b = append(c.b, p[:min(len(p), c.max+1-len(c.b))]...)
	return len(p), nil
}

// keep returns where to keep the bytes of a file that is needed later: a
// pack.json that may be the pack's own, or a .packsignore.
func (s *scanned) keep(name string) *capped {
	switch path.Base(name) {
	case MetaFile:
		if len(s.metas) == 0 || strings.Count(name, "/") <= s.depth {
			return &capped{max: maxMeta}
		}
	case IgnoreFile:
		if len(s.ignore) < maxIgnores {
			return &capped{max: maxIgnore}
		}
	}
	return nil
}

func (s *scanned) kept(name string, k *capped) error {
	if k == nil {
		return nil
	}
	if path.Base(name) == IgnoreFile {
		s.ignore[name] = k.b
		return nil
	}
	if hidden(name) {
		return nil
	}
	depth := strings.Count(name, "/")
	if depth < s.depth {
		clear(s.metas)
	}
	if len(s.metas) >= maxIgnores {
		return fmt.Errorf("%w: more than %d folders at the top hold a pack.json", ErrArchive, maxIgnores)
	}
	s.depth, s.metas[name] = depth, k.b
	return nil
}

// hidden tells whether a path lies in a folder that is never part of a pack.
func hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), leftOut)
}

// root returns the folder of the pack in the archive ("." for none), which is
// that of the pack.json nearest to the top, and the bytes of that file.
func (s *scanned) root() (dir string, meta []byte, err error) {
	names := slices.Sorted(maps.Keys(s.metas))
	switch len(names) {
	case 0:
		return "", nil, fmt.Errorf("%w: it holds no pack.json", ErrArchive)
	case 1:
		return path.Dir(names[0]), s.metas[names[0]], nil
	}
	return "", nil, fmt.Errorf("%w: it holds several packs: %s and %s", ErrArchive, path.Dir(names[0]), path.Dir(names[1]))
}

// inventory takes the files of the pack out of all that the archive holds.
func (s *scanned) inventory() (*Inventory, error) {
	files, err := s.packFiles()
	if err != nil {
		return nil, err
	}
	list := make([]File, 0, len(files))
	links := make(map[string]string)
	for p, f := range files {
		f.Path = p
		list = append(list, f)
		if f.Kind == Link {
			links[p] = f.Target
		}
	}
	if err := checkLinks(links); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return newInventory(list), nil
}

// packFiles returns the files of the pack by their path in the pack.
func (s *scanned) packFiles() (map[string]File, error) {
	dir, _, err := s.root()
	if err != nil {
		return nil, err
	}
	ig, err := parseIgnore(s.ignore[path.Join(dir, IgnoreFile)])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	files := make(map[string]File, len(s.files))
	for name, f := range s.files {
		rel, inside := strings.CutPrefix(name, dir+"/")
		if dir == "." {
			rel, inside = name, true
		}
		if !inside {
			if hidden(name) {
				continue
			}
			return nil, fmt.Errorf("%w: %s lies outside of the pack's folder %s", ErrArchive, name, dir)
		}
		if !ig.excludesFile(rel) {
			files[rel] = f
		}
	}
	return files, nil
}
