package layout

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// damagedIndex is where an index.json that cannot be read is put aside.
const damagedIndex = "index.json.damaged"

// indexToChange returns index.json for a writer. One that is damaged is put
// aside and made anew from the manifests that lie in the layout, so that what
// nobody publishes again is not lost with it.
func (f *folder) indexToChange() (*index, []byte, error) {
	x, raw, err := f.readIndex()
	if raw == nil || !errors.Is(err, registry.ErrCorrupt) {
		return x, raw, err // what is no file at all is not for us to move
	}
	if err := f.root.Rename(ocispec.ImageIndexFile, damagedIndex); err != nil {
		return nil, nil, err
	}
	x, err = f.recover()
	return x, nil, err
}

// recover lists the packs whose files are all there. The version is in the title
// that every pack has; where several manifests claim one, the tag could be any
// of theirs, and they are only listed by digest.
func (f *folder) recover() (*index, error) {
	dir := path.Join(ocispec.ImageBlobsDir, digest.SHA256.String())
	entries, err := fs.ReadDir(f.root.FS(), dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	found := make(map[string][]ocispec.Descriptor) // by tag
	for _, e := range entries {
		desc, tag, ok := f.candidate(digest.NewDigestFromEncoded(digest.SHA256, e.Name()), f.pack())
		if ok {
			found[tag] = append(found[tag], desc)
		}
	}
	x := newIndex()
	for tag, descs := range found {
		if len(descs) > 1 || !tagPattern.MatchString(tag) {
			tag = ""
		}
		for _, d := range descs {
			if err := x.set(tag, d); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}

// pack is the name of the packs whose versions lie in the layout: that of its folder.
func (f *folder) pack() string { return filepath.Base(f.root.Name()) }

// candidate reads a blob that may be the manifest of a pack; tag is the version
// that its title names, "" where that is of another pack.
func (f *folder) candidate(d digest.Digest, name string) (desc ocispec.Descriptor, tag string, ok bool) {
	if d.Validate() != nil {
		return desc, "", false
	}
	info, err := f.stat(blobPath(d))
	if err != nil || info.Size() > artifact.MaxManifest {
		return desc, "", false
	}
	desc = ocispec.Descriptor{Digest: d, Size: info.Size()}
	raw, err := f.readManifest(desc)
	if err != nil {
		return desc, "", false
	}
	var m ocispec.Manifest
	if json.Unmarshal(raw, &m) != nil || m.Config.Digest == "" || m.Layers == nil {
		return desc, "", false
	}
	whole := func(d ocispec.Descriptor) bool { return f.whole(d) == nil }
	if !whole(m.Config) || slices.ContainsFunc(m.Layers, func(d ocispec.Descriptor) bool { return !whole(d) }) {
		return desc, "", false
	}
	desc.MediaType, ok = mediaType(desc, raw)
	if ok && len(m.Layers) == 1 {
		title, isArchive := strings.CutSuffix(m.Layers[0].Annotations[ocispec.AnnotationTitle], ".tar.gz")
		if version, ours := strings.CutPrefix(title, name+"-"); isArchive && ours {
			tag = version
		}
	}
	return desc, tag, ok
}
