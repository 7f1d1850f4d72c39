package palettetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.yaml.in/yaml/v3"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry"
)

// pack is one version as Palette shows it.
type pack struct {
	uid, name, version           string
	displayName, layer           string
	values, readme               string
	presets, schema, annotations any
}

// The one shape that the vendor's documents allow: that of ORAS 1.0.0.
const (
	configType = "application/vnd.unknown.config.v1+json"
	maxPack    = 64 << 20
)

// readPack returns what stands behind a tag, or nil where Palette passes it
// over without a word. The error is of the registry.
func readPack(ctx context.Context, repo registry.Repository, name, tag string) (*pack, error) {
	desc, rc, err := repo.Manifests().FetchReference(ctx, tag)
	if err != nil {
		return nil, err
	}
	raw, err := content.ReadAll(rc, desc)
	err = errors.Join(err, rc.Close())
	if err != nil {
		return nil, err
	}
	layer := layerOf(desc, raw, name, tag)
	if layer == nil {
		return nil, nil //nolint:nilnil // passed over
	}
	archive, err := content.FetchAll(ctx, repo.Blobs(), *layer)
	if err != nil {
		return nil, err
	}
	p := unpack(archive)
	if p == nil || p.name != name || p.version != tag {
		return nil, nil //nolint:nilnil // passed over
	}
	return p, nil
}

// layerOf returns the archive of a manifest that has the right shape and title.
func layerOf(desc ocispec.Descriptor, raw []byte, name, tag string) *ocispec.Descriptor {
	var m ocispec.Manifest
	if desc.MediaType != ocispec.MediaTypeImageManifest || json.Unmarshal(raw, &m) != nil {
		return nil
	}
	if m.Config.MediaType != configType || m.ArtifactType != "" || len(m.Layers) != 1 {
		return nil
	}
	layer := &m.Layers[0]
	if layer.MediaType != ocispec.MediaTypeImageLayer || layer.Annotations[ocispec.AnnotationTitle] != name+"-"+tag+".tar.gz" || layer.Size > maxPack {
		return nil
	}
	return layer
}

// unpack reads the files that matter out of an archive with one folder; nil
// where it is none.
func unpack(archive []byte) *pack {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil
	}
	files, root := make(map[string][]byte), ""
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil
		}
		folder, file, _ := strings.Cut(path.Clean(h.Name), "/")
		if root != "" && folder != root {
			return nil // more than one folder at the top
		}
		root = folder
		if h.Typeflag == tar.TypeReg {
			if files[file], err = io.ReadAll(io.LimitReader(t, maxPack)); err != nil {
				return nil
			}
		}
	}
	return parse(files)
}

func parse(files map[string][]byte) *pack {
	var meta struct {
		Name, Version, DisplayName, Layer string
		Annotations                       map[string]any
	}
	if json.Unmarshal(files["pack.json"], &meta) != nil || files["values.yaml"] == nil {
		return nil
	}
	p := &pack{
		name: meta.Name, version: meta.Version, displayName: meta.DisplayName, layer: meta.Layer, annotations: meta.Annotations,
		values: string(files["values.yaml"]), readme: string(files["README.md"]),
	}
	var presets struct {
		Presets []map[string]any `yaml:"presets"`
	}
	if yaml.Unmarshal(files["presets.yaml"], &presets) == nil && len(presets.Presets) > 0 {
		p.presets = presets.Presets
	}
	var params map[string]any
	if yaml.Unmarshal(files["schema.yaml"], &params) == nil {
		var schema []any
		for name := range params {
			schema = append(schema, map[string]any{"name": name})
		}
		if schema != nil {
			p.schema = schema
		}
	}
	return p
}
