package registry

import (
	"context"
	"time"

	"github.com/packs-cli/packs/internal/artifact"
)

// Observation is what a registry tells of a published version.
type Observation struct {
	// Info is as artifact.Inspect reads it. Where Layer.Digest is empty, the
	// manifest was not fetched: Title is then what a version with our content
	// digest has, and Manifest.Size is 0. Whoever needs the layer asks for the
	// manifest by its digest.
	artifact.Info
	PushedAt time.Time // zero where the registry does not tell
}

// Observer is a registry that is better asked in its own way what a version is
// than by fetching its manifest: Harbor counts fetches as pulls, and rules that
// delete unused versions go by those; a folder can tell more for the same price.
type Observer interface {
	// Observe tells what a tag names. A missing one is ErrNotFound; a manifest
	// that cannot be a pack is artifact.ErrNotPack, with the Info of its manifest;
	// one of which parts are seen to be missing is *DamagedError.
	Observe(ctx context.Context, repository, tag string) (Observation, error)
}
