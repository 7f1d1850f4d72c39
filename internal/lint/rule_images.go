package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/suggest"
)

var imageRules = []Rule{
	{ID: "images-missing", Severity: Error, Summary: "values.yaml lists no images under pack.content.images", check: checkImagesMissing},
	{ID: "image-entry", Severity: Error, Summary: "an entry of pack.content.images is empty, mistyped, no image, or moves", check: checkImageEntries},
}

// bringsImages tells whether packs of a layer list images: those of an operating
// system or of Kubernetes are images themselves.
func bringsImages(layer string) bool { return layer != "os" && layer != "k8s" }

// imageList returns pack.content.images, which may be nil.
func imageList(f *yamlFile) *yaml.Node {
	return get(get(get(f.root, "pack"), "content"), "images")
}

func checkImagesMissing(p *pass) {
	f := p.yaml(valuesFile)
	if p.meta() == nil || !bringsImages(p.meta().str("layer")) || f == nil || f.flaw != nil {
		return
	}
	hint := "list them, so that registries and air gaps can hold them: pack.content.images[].image"
	switch list := imageList(f); {
	case list == nil || list.Kind == yaml.ScalarNode && list.ShortTag() == "!!null":
		p.report(f.nearest("pack", "content", "images"), hint, "values.yaml lists no images under pack.content.images")
	case list.Kind != yaml.SequenceNode:
		p.reportf(f.at(list), hint, "pack.content.images is %s, not a list", kindName(list))
	case len(list.Content) == 0:
		p.report(f.at(list), hint, "pack.content.images is an empty list")
	}
}

// nearest returns the place of the last key of a path that is there, or the
// beginning of the file.
func (f *yamlFile) nearest(path ...string) place {
	at, n := place{f.name, 1, 1}, f.root
	for _, name := range path {
		k := key(n, name)
		if k == nil {
			break
		}
		at, n = f.at(k), get(n, name)
	}
	return at
}

func checkImageEntries(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	list := imageList(f)
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for _, entry := range list.Content {
		p.imageEntry(f, entry)
	}
}

func (p *pass) imageEntry(f *yamlFile, entry *yaml.Node) {
	n := follow(entry)
	if n == nil || n.Kind != yaml.MappingNode {
		p.reportf(f.at(entry), "write it as in - image: docker.io/library/nginx:1.27.3", "this entry of pack.content.images is %s, not a mapping with the key image", kindName(n))
		return
	}
	k, v := find(n, "image", 0)
	switch {
	case k == nil:
		p.noImage(f, n)
	case v == nil || v.Kind != yaml.ScalarNode:
		p.reportf(f.at(v), "write it as in - image: docker.io/library/nginx:1.27.3", "image is %s", kindName(v))
	case f.hasMacro(v):
	case v.ShortTag() == "!!null" || strings.TrimSpace(v.Value) == "":
		p.report(f.at(k), "name the image, or take the entry away", "this entry of pack.content.images has an empty image")
	case bringsImages(p.meta().str("layer")):
		p.imageReference(f, v)
	}
}

// noImage reports an entry without the key image.
func (p *pass) noImage(f *yamlFile, entry *yaml.Node) {
	for k := range pairs(entry) {
		if suggest.Nearest(k.Value, []string{"image", "images"}) == "" {
			continue
		}
		found := p.reportf(f.at(k), didYouMean("image"), "this entry of pack.content.images has the key %s in place of image, so that nobody sees it", quote(k.Value))
		if start, ok := f.offset(k); ok && len(entry.Content) == 2 {
			found.Fix = &Fix{Edits: []Edit{{Start: start, End: start + len(k.Value), Text: "image"}}}
		}
		return
	}
	p.report(f.at(entry), "write it as in - image: docker.io/library/nginx:1.27.3", "this entry of pack.content.images lacks the key image")
}

// offset returns where a plain scalar begins in the file; ok is false where the
// file has other text there.
func (f *yamlFile) offset(n *yaml.Node) (int, bool) {
	if n.Line < 1 || n.Line > len(f.begins()) {
		return 0, false
	}
	line := f.text(n.Line)
	if len(line) > longLine {
		return 0, false
	}
	row := []rune(line)
	if n.Column-1 > len(row) {
		return 0, false
	}
	start := int(f.begins()[n.Line-1]) + len(string(row[:n.Column-1]))
	end := start + len(n.Value)
	return start, end <= len(f.data) && string(f.data[start:end]) == n.Value
}

func (p *pass) imageReference(f *yamlFile, v *yaml.Node) {
	ref := imageOf(v.Value)
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		p.reportf(f.at(v), imageHint(ref), "%s is no image reference: %s", quote(v.Value), strings.TrimPrefix(err.Error(), "invalid reference format: "))
		return
	}
	tagged, isTagged := named.(reference.Tagged)
	_, isDigested := named.(reference.Digested)
	switch {
	case isDigested:
	case !isTagged:
		p.reportf(f.at(v), "name a version: what is behind it changes", "the image %s has no tag, which means latest", quote(v.Value)).Severity = Warning
	case tagged.Tag() == "latest":
		p.reportf(f.at(v), "name a version: what is behind it changes", "the image %s has the tag latest", quote(v.Value)).Severity = Warning
	}
}

// imageOf returns the reference of what values.yaml says is an image.
func imageOf(value string) string {
	return strings.TrimPrefix(strings.TrimSpace(value), "container://")
}

func imageHint(ref string) string {
	switch {
	case strings.Contains(ref, "://"):
		return "leave out the scheme"
	case strings.ContainsAny(ref, " \t"):
		return "take away the blanks"
	case strings.ToLower(ref) != ref:
		if _, err := reference.ParseNormalizedNamed(strings.ToLower(ref)); err == nil {
			return "repository names are lower case"
		}
	}
	return "it has the form REGISTRY/REPOSITORY:TAG"
}

// listedImages returns the images of a pack that a registry can be asked for.
func listedImages(t *target) []imageUse {
	f := t.values()
	if f == nil || !bringsImages(t.meta().str("layer")) {
		return nil
	}
	list := imageList(f)
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	var uses []imageUse
	for _, entry := range list.Content {
		v := get(entry, "image")
		if v == nil || v.Kind != yaml.ScalarNode || f.hasMacro(v) || strings.TrimSpace(v.Value) == "" {
			continue
		}
		if _, err := reference.ParseNormalizedNamed(imageOf(v.Value)); err == nil {
			uses = append(uses, imageUse{ref: strings.Clone(v.Value), at: f.at(v)}) // a part of the file would keep all of it
		}
	}
	return uses
}

// chartNames returns the names of a pack's charts; ok is false where one of
// them cannot be read, so that its name is not known.
func chartNames(p *pass) (names []string, ok bool) {
	ok = true
	for _, c := range p.listedCharts() {
		if c.missing || c.flaw != nil {
			ok = false
			continue
		}
		names = append(names, c.name)
	}
	slices.Sort(names)
	return names, ok
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return out
}
