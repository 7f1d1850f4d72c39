package layout

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
)

// maxIndex is the largest index.json that is read: more than 30,000 versions.
const maxIndex = 16 << 20

// index is an index.json. What this program does not know in it is kept.
type index struct {
	rest      map[string]json.RawMessage
	manifests []ocispec.Descriptor
}

// readIndex reads index.json; a missing one is empty.
func readIndex(repo *os.Root) (*index, error) {
	raw, err := readLimited(repo, ocispec.ImageIndexFile, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return &index{}, nil
	}
	if err != nil {
		return nil, err
	}
	return parseIndex(raw)
}

func parseIndex(raw []byte) (*index, error) {
	ix := &index{}
	if err := json.Unmarshal(raw, &ix.rest); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", registry.ErrCorrupt, ocispec.ImageIndexFile, err)
	}
	if list, ok := ix.rest["manifests"]; ok {
		if err := json.Unmarshal(list, &ix.manifests); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", registry.ErrCorrupt, ocispec.ImageIndexFile, err)
		}
	}
	return ix, nil
}

// find returns the entry of a tag or digest.
func (ix *index) find(reference string) (ocispec.Descriptor, bool) {
	for _, m := range ix.manifests {
		if m.Annotations[ocispec.AnnotationRefName] == reference || m.Digest.String() == reference {
			return m, true
		}
	}
	return ocispec.Descriptor{}, false
}

// set makes a tag point to a manifest. An empty tag adds it without one.
func (ix *index) set(tag string, desc ocispec.Descriptor) {
	ix.manifests = slices.DeleteFunc(ix.manifests, func(m ocispec.Descriptor) bool {
		held := m.Annotations[ocispec.AnnotationRefName]
		return held == tag && (tag != "" || m.Digest == desc.Digest)
	})
	if tag != "" {
		desc.Annotations = maps.Clone(desc.Annotations)
		if desc.Annotations == nil {
			desc.Annotations = make(map[string]string, 1)
		}
		desc.Annotations[ocispec.AnnotationRefName] = tag
	}
	ix.manifests = append(ix.manifests, desc)
	slices.SortStableFunc(ix.manifests, func(a, b ocispec.Descriptor) int {
		return cmp.Or(
			version.Compare(a.Annotations[ocispec.AnnotationRefName], b.Annotations[ocispec.AnnotationRefName]),
			cmp.Compare(a.Digest, b.Digest))
	})
}

// encode returns the bytes of index.json.
func (ix *index) encode() ([]byte, error) {
	list, err := json.Marshal(ix.manifests)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{
		"schemaVersion": json.RawMessage("2"),
		"mediaType":     json.RawMessage(`"` + ocispec.MediaTypeImageIndex + `"`),
	}
	maps.Copy(all, ix.rest)
	all["manifests"] = list
	return json.Marshal(all)
}
