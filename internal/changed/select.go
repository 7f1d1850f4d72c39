package changed

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
)

// Pack is a pack of the catalog as it is in the work tree.
type Pack struct {
	Dir     string // path of the folder or archive
	Name    string // from pack.json; empty where that cannot be read
	Version string
	Archive bool
}

// Catalog is what a change of packs.yaml, or of a file that it names, affects.
type Catalog struct {
	File  string   // packs.yaml; empty where there is none
	Files []string // what it names: CA, policies, pins
	Packs []Pack
}

// Selection is which packs have changed.
type Selection struct {
	Packs   []int     // indices into Catalog.Packs, ascending
	Because string    // the changed file that selects every pack, relative to the work tree; empty where each was selected for itself
	Deleted []Deleted // packs that are gone, sorted by path
}

// Deleted is a pack that the merge base has and the work tree has not.
type Deleted struct {
	Name, Version string // empty where its pack.json cannot be read
	Path          string // of its folder, relative to the work tree, with slashes
}

// Select returns the packs that have changed: those with a changed file, a
// .packsignore included, archives that changed themselves, and all of them
// where packs.yaml or a file that it names did.
func (d *Diff) Select(ctx context.Context, c Catalog) (Selection, error) {
	s := Selection{Because: d.because(c)}
	folders := d.folders()
	for i, p := range c.Packs {
		rel, ok := d.relative(p.Dir)
		switch {
		case s.Because != "", ok && (folders[rel] || d.covers(rel)), !ok:
			// What lies outside of the work tree may have changed too.
			s.Packs = append(s.Packs, i)
		}
	}
	var err error
	s.Deleted, err = d.deleted(ctx, c)
	return s, err
}

// because returns the changed file that affects every pack, or "".
func (d *Diff) because(c Catalog) string {
	if c.File == "" {
		return ""
	}
	for _, file := range append([]string{c.File}, c.Files...) {
		if rel, ok := d.relative(file); ok && d.files[rel] {
			return rel
		}
	}
	return ""
}

// folders returns every changed file, and every folder that one lies in.
func (d *Diff) folders() map[string]bool {
	all := make(map[string]bool)
	for f := range d.files {
		for all[f] = true; f != "."; {
			f = path.Dir(f)
			if all[f] {
				break
			}
			all[f] = true
		}
	}
	return all
}

// deleted returns the packs whose pack.json is gone.
func (d *Diff) deleted(ctx context.Context, c Catalog) ([]Deleted, error) {
	there, err := d.basePacks(ctx)
	if err != nil {
		return nil, err
	}
	here := make(map[string]bool)
	for _, p := range c.Packs {
		if rel, ok := d.relative(p.Dir); ok {
			here[rel] = true
		}
	}
	var gone []Deleted
	for _, b := range there {
		if !here[b.path] && d.files[path.Join(b.path, pack.MetaFile)] && !d.exists(path.Join(b.path, pack.MetaFile)) {
			gone = append(gone, Deleted{Name: b.meta.Name, Version: b.meta.Version, Path: b.path})
		}
	}
	slices.SortFunc(gone, func(a, b Deleted) int { return cmp.Compare(a.Path, b.Path) })
	return gone, nil
}

// basePack is a pack of the merge base.
type basePack struct {
	path string // of its folder, relative to the work tree; "." for the root
	meta pack.Meta
}

// maxBaseMeta is the largest pack.json of the merge base that is read, in bytes.
const maxBaseMeta = 1 << 20

// basePacks returns the packs of the merge base: folders with a pack.json that
// lie in no other such folder, sorted by path.
func (d *Diff) basePacks(ctx context.Context) ([]basePack, error) {
	out, err := d.repo.git(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", "--long", d.Base)
	if err != nil {
		return nil, d.fault(err, "")
	}
	var packs []basePack
	var blobs []string
	for _, line := range fields(out) {
		e, ok := parseTreeEntry(line)
		if !ok || path.Base(e.path) != pack.MetaFile || e.size > maxBaseMeta || e.mode == modeLink {
			continue
		}
		packs = append(packs, basePack{path: path.Dir(e.path)})
		blobs = append(blobs, e.blob)
	}
	texts, err := d.blobs(ctx, blobs)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(packs))
	for _, p := range packs {
		known[p.path] = true
	}
	kept := packs[:0]
	for i, p := range packs {
		if insideAnother(known, p.path) {
			continue
		}
		p.meta = metaOf(texts[i])
		kept = append(kept, p)
	}
	slices.SortFunc(kept, func(a, b basePack) int { return cmp.Compare(a.path, b.path) })
	return kept, nil
}

// metaOf reads a pack.json as far as it can be read.
func metaOf(text []byte) pack.Meta {
	m, err := pack.ParseMeta(pack.MetaFile, text)
	if meta := (*pack.MetaError)(nil); err != nil && !errors.As(err, &meta) {
		return pack.Meta{}
	}
	return m
}

func insideAnother(known map[string]bool, folder string) bool {
	for folder != "." {
		folder = path.Dir(folder)
		if known[folder] {
			return true
		}
	}
	return false
}

func (d *Diff) exists(rel string) bool {
	_, err := d.stat(rel)
	return err == nil
}

// below returns a path relative to a folder; ok is false where it lies outside.
func below(file, folder string) (string, bool) {
	if folder == "." {
		return file, true
	}
	return strings.CutPrefix(file, folder+"/")
}
