package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// readIndex reads every version in the index.json of one pack's layout.
func readIndex(index string) ([]readyMade, error) {
	raw, err := os.ReadFile(index) //nolint:gosec // a layout of our own
	if err != nil {
		return nil, err
	}
	var list ocispec.Index
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	layout := filepath.Dir(index)
	var packs []readyMade
	for _, d := range list.Manifests {
		p := readyMade{
			repository: "spectro-packs/archive/" + filepath.Base(layout),
			tag:        d.Annotations[ocispec.AnnotationRefName],
		}
		if p.manifest, err = readBlob(layout, d.Digest.String()); err != nil {
			return nil, err
		}
		var m ocispec.Manifest
		if err := json.Unmarshal(p.manifest, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Digest, err)
		}
		if p.layer, err = readBlob(layout, m.Layers[0].Digest.String()); err != nil {
			return nil, err
		}
		packs = append(packs, p)
	}
	return packs, nil
}
