package layout

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

const (
	// garbageFile lists the blobs that a delete is about to remove. It is there
	// before index.json changes, and goes when they are gone.
	garbageFile = ".packs.gc"
	maxGarbage  = 16 << 20 // bytes of it that are read
)

// names is what a manifest names.
type names struct {
	blobs     []digest.Digest // config and layers
	manifests []ocispec.Descriptor
	subject   digest.Digest
}

// named reads what a manifest names. One that is missing or no manifest names
// nothing; one that is damaged is an error: what it names may still be needed.
func (f *folder) named(desc ocispec.Descriptor) (names, error) {
	raw, err := f.readManifest(desc)
	if errors.Is(err, fs.ErrNotExist) {
		return names{}, nil
	}
	if err != nil {
		return names{}, err
	}
	var m struct {
		Config    *ocispec.Descriptor
		Layers    []ocispec.Descriptor
		Blobs     []ocispec.Descriptor
		Manifests []ocispec.Descriptor
		Subject   *ocispec.Descriptor
	}
	if json.Unmarshal(raw, &m) != nil {
		return names{}, nil //nolint:nilerr // a file that an entry of index.json names as it is
	}
	n := names{manifests: m.Manifests}
	if m.Config != nil {
		n.blobs = append(n.blobs, m.Config.Digest)
	}
	for _, d := range slices.Concat(m.Layers, m.Blobs) {
		n.blobs = append(n.blobs, d.Digest)
	}
	if m.Subject != nil {
		n.subject = m.Subject.Digest
		n.manifests = append(n.manifests, *m.Subject)
	}
	return n, nil
}

// mark adds to reached the blobs that can be reached from manifests. With
// lenient, a damaged manifest names nothing.
func (f *folder) mark(reached map[digest.Digest]bool, from []ocispec.Descriptor, lenient bool) error {
	for len(from) > 0 {
		desc := from[len(from)-1]
		from = from[:len(from)-1]
		if reached[desc.Digest] || desc.Digest.Validate() != nil {
			continue
		}
		reached[desc.Digest] = true
		if desc.Size > artifact.MaxManifest {
			continue // a file that an entry of index.json names as it is
		}
		n, err := f.named(desc)
		if err != nil && !lenient {
			return fmt.Errorf("what %s names cannot be told from garbage: %w", desc.Digest, err)
		}
		for _, d := range n.blobs {
			reached[d] = true
		}
		from = append(from, n.manifests...)
	}
	return nil
}

// garbage are the blobs that only dropped manifests lead to.
func (f *folder) garbage(x *index, dropped []ocispec.Descriptor) ([]digest.Digest, error) {
	candidates := make(map[digest.Digest]bool)
	if err := f.mark(candidates, dropped, true); err != nil {
		return nil, err
	}
	return f.unreached(x, slices.Sorted(maps.Keys(candidates)))
}

// unreached are those of some blobs that nothing in an index leads to.
func (f *folder) unreached(x *index, blobs []digest.Digest) ([]digest.Digest, error) {
	var roots []ocispec.Descriptor
	for i := range x.entries {
		if e := &x.entries[i]; e.err == nil {
			roots = append(roots, plain(e.desc))
		}
	}
	reached := make(map[digest.Digest]bool)
	if err := f.mark(reached, roots, false); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(blobs, func(d digest.Digest) bool { return reached[d] }), nil
}

// removeGarbage removes blobs, and the list of them.
func (f *folder) removeGarbage(garbage []digest.Digest) error {
	folders := make(map[string]bool)
	for _, d := range garbage {
		if d.Validate() != nil {
			continue // a manifest named it, or somebody else wrote the list
		}
		name := blobPath(d)
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		folders[path.Dir(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		if err := syncDir(f.root, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := f.root.Remove(garbageFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// finishDelete works off what a killed delete left: of the blobs in its list,
// those that nothing names. It did not come as far as index.json, perhaps, or
// somebody has published the same since.
func (f *folder) finishDelete() error {
	raw, err := f.readSmall(garbageFile, maxGarbage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var listed []digest.Digest
	if err := json.Unmarshal(raw, &listed); err != nil {
		return fmt.Errorf("%w: %s: %w", registry.ErrCorrupt, garbageFile, err)
	}
	x, _, err := f.readIndex()
	if err != nil {
		return err
	}
	garbage, err := f.unreached(x, listed)
	if err != nil {
		return err
	}
	return f.removeGarbage(garbage)
}
