package layout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

// maxIndex is the largest index.json that is read, in bytes: some hundred
// thousand versions of one pack.
const maxIndex = 64 << 20

// tagPattern is what the OCI distribution specification allows as a tag. Other
// programs write other names into a layout; those are kept, and are no tags.
var tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// index is index.json of a layout. What packs does not know in it stays as it is.
type index struct {
	fields  map[string]json.RawMessage // all but the entries
	entries []entry
}

// entry is one descriptor. raw is what is written.
type entry struct {
	tag  string // org.opencontainers.image.ref.name
	desc ocispec.Descriptor
	raw  json.RawMessage
	err  error // why the descriptor cannot be used
}

func newIndex() *index {
	return &index{fields: map[string]json.RawMessage{
		"schemaVersion": json.RawMessage("2"),
		"mediaType":     json.RawMessage(`"` + ocispec.MediaTypeImageIndex + `"`),
	}}
}

// parseIndex reads index.json. An entry that makes no sense is kept, and is an
// error only for who asks for it.
func parseIndex(raw []byte) (*index, error) {
	corrupt := func(err error) (*index, error) {
		return nil, fmt.Errorf("%w: index.json is no image index, perhaps half-written: %w", registry.ErrCorrupt, err)
	}
	x := &index{}
	if err := json.Unmarshal(raw, &x.fields); err != nil {
		return corrupt(err)
	}
	var schemaVersion int
	var mediaType string
	var manifests []json.RawMessage
	for name, into := range map[string]any{"schemaVersion": &schemaVersion, "mediaType": &mediaType, "manifests": &manifests} {
		if value, ok := x.fields[name]; ok {
			if err := json.Unmarshal(value, into); err != nil {
				return corrupt(fmt.Errorf("its %s: %w", name, err))
			}
		}
	}
	if schemaVersion != 2 {
		return corrupt(fmt.Errorf("its schemaVersion is %d, not 2", schemaVersion))
	}
	if mediaType != "" && mediaType != ocispec.MediaTypeImageIndex {
		return corrupt(fmt.Errorf("its mediaType is %q", mediaType))
	}
	x.entries = make([]entry, 0, len(manifests)+1)
	for _, raw := range manifests {
		x.entries = append(x.entries, parseEntry(raw))
	}
	return x, nil
}

func parseEntry(raw json.RawMessage) entry {
	e := entry{raw: raw}
	if err := json.Unmarshal(raw, &e.desc); err != nil {
		e.err = fmt.Errorf("%w: an entry of index.json is no descriptor: %w", registry.ErrCorrupt, err)
		return e
	}
	e.tag = e.desc.Annotations[ocispec.AnnotationRefName]
	if err := e.desc.Digest.Validate(); err != nil {
		e.err = fmt.Errorf("%w: an entry of index.json has the digest %q: %w", registry.ErrCorrupt, e.desc.Digest, err)
	} else if e.desc.Size < 0 {
		e.err = fmt.Errorf("%w: an entry of index.json has the size %d", registry.ErrCorrupt, e.desc.Size)
	}
	return e
}

// encode returns index.json with its entries sorted by tag and digest.
func (x *index) encode() ([]byte, error) {
	slices.SortStableFunc(x.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.desc.Digest, b.desc.Digest))
	})
	list := make([]json.RawMessage, 0, len(x.entries))
	for i := range x.entries {
		list = append(list, x.entries[i].raw)
	}
	manifests, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("write index.json: %w", err)
	}
	all := maps.Clone(x.fields)
	all["manifests"] = manifests
	raw, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write index.json: %w", err)
	}
	return raw, nil
}

// find returns what a tag points to: media type, digest and size.
func (x *index) find(tag string) (ocispec.Descriptor, error) {
	if tag == "" { // else it would be any entry without a tag
		return ocispec.Descriptor{}, registry.ErrNotFound
	}
	var found *entry
	for i := range x.entries {
		e := &x.entries[i]
		if e.tag != tag {
			continue
		}
		if e.err != nil {
			return ocispec.Descriptor{}, e.err
		}
		if found != nil && found.desc.Digest != e.desc.Digest {
			return ocispec.Descriptor{}, fmt.Errorf("%w: index.json has the tag twice, for %s and %s", registry.ErrCorrupt, found.desc.Digest, e.desc.Digest)
		}
		found = e
	}
	if found == nil {
		return ocispec.Descriptor{}, registry.ErrNotFound
	}
	return plain(found.desc), nil
}

func (x *index) byDigest(d digest.Digest) (ocispec.Descriptor, bool) {
	for i := range x.entries {
		if e := &x.entries[i]; e.err == nil && e.desc.Digest == d {
			return plain(e.desc), true
		}
	}
	return ocispec.Descriptor{}, false
}

func (x *index) tags() []string {
	var tags []string
	for i := range x.entries {
		if tag := x.entries[i].tag; tagPattern.MatchString(tag) {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// set points a tag to desc, or only lists desc where tag is empty. What the tag
// pointed to before stays listed by its digest, as in any registry.
func (x *index) set(tag string, desc ocispec.Descriptor) error {
	desc = plain(desc)
	kept := make([]entry, 0, len(x.entries)+1)
	var moved []entry
	done := false
	for _, e := range x.entries {
		same := e.err == nil && e.desc.Digest == desc.Digest
		switch {
		case same && (tag == "" || e.tag == tag):
			if !done || tag == "" { // a tag that stands twice will stand once
				kept = append(kept, e)
			}
			done = true
		case e.tag == tag && tag != "":
			moved = append(moved, e)
		case same && e.tag == "" && len(e.desc.Annotations) == 0: // the tagged entry stands for it
		default:
			kept = append(kept, e)
		}
	}
	if !done {
		e, err := newEntry(tag, desc)
		if err != nil {
			return err
		}
		kept = append(kept, e)
	}
	x.entries = kept
	return x.keepUntagged(moved)
}

// keepUntagged lists entries again without their tags, unless their digests are listed.
func (x *index) keepUntagged(moved []entry) error {
	for _, e := range moved {
		if e.err != nil { // nothing that anybody could read
			continue
		}
		if _, listed := x.byDigest(e.desc.Digest); listed {
			continue
		}
		e, err := e.untagged()
		if err != nil {
			return err
		}
		x.entries = append(x.entries, e)
	}
	return nil
}

func newEntry(tag string, desc ocispec.Descriptor) (entry, error) {
	if tag != "" {
		desc.Annotations = map[string]string{ocispec.AnnotationRefName: tag}
	}
	raw, err := json.Marshal(desc)
	if err != nil {
		return entry{}, fmt.Errorf("write index.json: %w", err)
	}
	return entry{tag: tag, desc: desc, raw: raw}, nil
}

// untagged returns the entry without its tag; all else that it says stays.
func (e entry) untagged() (entry, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(e.raw, &fields); err != nil {
		return entry{}, fmt.Errorf("%w: an entry of index.json: %w", registry.ErrCorrupt, err)
	}
	e.tag, e.desc.Annotations = "", maps.Clone(e.desc.Annotations)
	delete(e.desc.Annotations, ocispec.AnnotationRefName)
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, "annotations") })
	if len(e.desc.Annotations) > 0 {
		annotations, err := json.Marshal(e.desc.Annotations)
		if err != nil {
			return entry{}, fmt.Errorf("write index.json: %w", err)
		}
		fields["annotations"] = annotations
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return entry{}, fmt.Errorf("write index.json: %w", err)
	}
	e.raw = raw
	return e, nil
}

func plain(d ocispec.Descriptor) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
}

// mediaType tells what a manifest is: what names it knows, or what it says of
// itself. ok is false for bytes that are no manifest.
func mediaType(desc ocispec.Descriptor, raw []byte) (_ string, ok bool) {
	if desc.MediaType != "" {
		return desc.MediaType, true
	}
	var m struct {
		MediaType string          `json:"mediaType"`
		Manifests json.RawMessage `json:"manifests"`
		Config    json.RawMessage `json:"config"`
	}
	switch err := json.Unmarshal(raw, &m); {
	case err != nil:
		return "", false
	case m.MediaType != "":
		return m.MediaType, true
	case m.Manifests != nil:
		return ocispec.MediaTypeImageIndex, true
	case m.Config != nil:
		return ocispec.MediaTypeImageManifest, true
	}
	return "", false
}
