package changed

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
)

// History is what the merge base has of a catalog's packs.
type History struct {
	Versions map[string][]string // by the name of the pack, in no order
	// Changed holds, by index into the packs, which files differ from the pack of
	// the same name and version at the merge base; packs without differences, and
	// new versions, are not in it.
	Changed map[int][]string
}

// maxListed bounds the entries of one pack that are listed.
const maxListed = 200_000

// History compares packs with those of the merge base that have the same name
// and version. Left out is what .packsignore names, on either side. A folder
// that was renamed is compared with what it was.
func (d *Diff) History(ctx context.Context, packs []Pack) (*History, error) {
	there, err := d.basePacks(ctx)
	if err != nil {
		return nil, err
	}
	h := &History{Versions: make(map[string][]string), Changed: make(map[int][]string)}
	for _, b := range there {
		if b.meta.Name != "" && b.meta.Version != "" {
			h.Versions[b.meta.Name] = append(h.Versions[b.meta.Name], b.meta.Version)
		}
	}
	folders := d.folders()
	for i, p := range packs {
		rel, ok := d.relative(p.Dir)
		if !ok || p.Name == "" || !folders[rel] {
			continue
		}
		files, err := d.differences(ctx, p, rel, there)
		if err != nil {
			return nil, err
		}
		if len(files) > 0 {
			h.Changed[i] = files
		}
	}
	return h, nil
}

// differences returns the files that differ from the merge base's pack of the
// same name and version; none where it has no such pack.
func (d *Diff) differences(ctx context.Context, p Pack, rel string, there []basePack) ([]string, error) {
	if p.Archive {
		return d.archiveDifference(ctx, p, rel)
	}
	same := func(b basePack) bool { return b.meta.Name == p.Name && b.meta.Version == p.Version }
	if i, found := slices.BinarySearchFunc(there, rel, func(b basePack, rel string) int { return cmp.Compare(b.path, rel) }); found && same(there[i]) {
		return d.compare(ctx, p, rel, rel)
	}
	for _, b := range there {
		if same(b) && !d.exists(path.Join(b.path, pack.MetaFile)) {
			return d.compare(ctx, p, rel, b.path) // it was renamed
		}
	}
	return nil, nil
}

// compare returns the paths, within the pack, at which the pack in the work tree
// and the one in a folder of the merge base differ, sorted.
func (d *Diff) compare(ctx context.Context, p Pack, rel, was string) ([]string, error) {
	before, err := d.baseFiles(ctx, was)
	if err != nil {
		return nil, err
	}
	tracked := maps.Clone(before)
	if err := d.dropExcluded(ctx, before); err != nil {
		return nil, err
	}
	now, err := d.published(ctx, p.Dir)
	if err != nil {
		return nil, err
	}
	var differ, unclear []string
	for name, e := range now {
		old, there := before[name]
		_, known := tracked[name]
		switch {
		case !there && (known || d.files[path.Join(rel, name)]):
			differ = append(differ, name) // new, or no longer left out
		case !there: // git ignores it
		case (old.mode == modeLink) != (e.Target != ""), old.mode != modeLink && (old.mode == modeExecutable) != e.Executable:
			differ = append(differ, name)
		case rel == was && d.files[path.Join(rel, name)]:
			differ = append(differ, name)
		case rel != was:
			unclear = append(unclear, name)
		}
	}
	for name := range before {
		if _, there := now[name]; !there {
			differ = append(differ, name)
		}
	}
	slices.Sort(unclear)
	moved, err := d.changedBytes(ctx, p.Dir, unclear, before)
	if err != nil {
		return nil, err
	}
	differ = append(differ, moved...)
	slices.Sort(differ)
	return differ, nil
}

// dropExcluded takes away what the pack's .packsignore named at the merge base.
func (d *Diff) dropExcluded(ctx context.Context, files map[string]treeEntry) error {
	text := ""
	if e, ok := files[pack.IgnoreFile]; ok && e.mode != modeLink && e.size <= maxBaseMeta {
		texts, err := d.blobs(ctx, []string{e.blob})
		if err != nil {
			return err
		}
		text = string(texts[0])
	}
	x, err := pack.NewExclusions(text)
	if err != nil {
		x, _ = pack.NewExclusions("") // the pack could not be published with it
	}
	maps.DeleteFunc(files, func(name string, _ treeEntry) bool { return x.Drops(name) })
	return nil
}

// published returns the files and links of a pack in the work tree, by path.
func (d *Diff) published(ctx context.Context, dir string) (map[string]pack.Entry, error) {
	l, err := pack.List(ctx, dir, maxListed)
	if err != nil {
		return nil, err
	}
	files := make(map[string]pack.Entry)
	for _, e := range l.Entries {
		if !e.Mode.IsDir() && e.Err == nil {
			files[e.Path] = e
		}
	}
	return files, nil
}

// changedBytes returns the files whose bytes git would store as another object.
func (d *Diff) changedBytes(ctx context.Context, dir string, names []string, before map[string]treeEntry) ([]string, error) {
	var changed, asked []string
	var stdin strings.Builder
	for _, name := range names {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if before[name].mode == modeLink {
			target, err := os.Readlink(full)
			texts, blobErr := d.blobs(ctx, []string{before[name].blob})
			if err != nil || blobErr != nil || filepath.ToSlash(target) != string(texts[0]) {
				changed = append(changed, name)
			}
			continue
		}
		rel, ok := d.relative(full)
		if !ok || strings.Contains(rel, "\n") {
			changed = append(changed, name)
			continue
		}
		asked = append(asked, name)
		stdin.WriteString(rel + "\n")
	}
	if len(asked) == 0 {
		return changed, nil
	}
	out, err := d.repo.git(ctx, []byte(stdin.String()), "hash-object", "--stdin-paths")
	if err != nil {
		return nil, d.fault(err, "")
	}
	ids := strings.Fields(string(out))
	for i, name := range asked {
		if i >= len(ids) || ids[i] != before[name].blob {
			changed = append(changed, name)
		}
	}
	return changed, nil
}

// maxBaseArchive is the largest archive of the merge base that is compared, in bytes.
const maxBaseArchive = 256 << 20

// archiveDifference compares an archive with the file of the same path at the
// merge base, by what is in them.
func (d *Diff) archiveDifference(ctx context.Context, p Pack, rel string) ([]string, error) {
	out, err := d.repo.git(ctx, nil, "ls-tree", "-z", "--full-tree", "--long", d.Base, "--", rel)
	if err != nil {
		return nil, d.fault(err, "")
	}
	lines := fields(out)
	if len(lines) != 1 {
		return nil, nil // it is new
	}
	e, ok := parseTreeEntry(lines[0])
	if !ok || e.size > maxBaseArchive {
		return nil, nil
	}
	meta, was, err := d.baseArchive(ctx, e)
	if err != nil || was == nil || meta.Name != p.Name || meta.Version != p.Version {
		return nil, err
	}
	now, err := pack.Read(ctx, p.Dir, pack.Options{})
	if err != nil {
		return nil, err
	}
	return differing(was, now), nil
}

// baseArchive reads an archive of the merge base; nil where it was none.
func (d *Diff) baseArchive(ctx context.Context, e treeEntry) (meta pack.Meta, inv *pack.Inventory, err error) {
	texts, err := d.blobs(ctx, []string{e.blob})
	if err != nil {
		return meta, nil, err
	}
	f, err := os.CreateTemp(d.TempDir, "packs-changed-*.tar.gz")
	if err != nil {
		return meta, nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // a leftover in the system's folder harms nobody
	_, err = f.Write(texts[0])
	if closeErr := f.Close(); err != nil || closeErr != nil {
		return meta, nil, cmp.Or(err, closeErr)
	}
	if meta, err = pack.ReadMeta(f.Name()); err != nil {
		return meta, nil, ctx.Err()
	}
	if inv, err = pack.Read(ctx, f.Name(), pack.Options{}); err != nil {
		return meta, nil, ctx.Err()
	}
	return meta, inv, nil
}

// differing returns the paths at which two packs differ, sorted.
func differing(a, b *pack.Inventory) []string {
	if a.Digest == b.Digest {
		return nil
	}
	was := make(map[string]pack.File)
	for _, f := range a.Files {
		was[f.Path] = f
	}
	var paths []string
	for _, f := range b.Files {
		if was[f.Path] != f {
			paths = append(paths, f.Path)
		}
		delete(was, f.Path)
	}
	paths = append(paths, slices.Collect(maps.Keys(was))...)
	slices.Sort(paths)
	return paths
}
