package executor

// BundleKind is the kind of a bundle report's JSON document.
const BundleKind = "BundleReport"

// BundleReport says what is in a bundle. In the bundle itself it lies without
// what holds for one machine or file: the files and the version of packs.
type BundleReport struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Tool       string        `json:"tool,omitempty"`
	Summary    BundleSummary `json:"summary"`
	Items      []BundleItem  `json:"items"`           // by name and version
	Files      []BundleFile  `json:"files,omitempty"` // that were written: one, or the parts
	LeftOut    []string      `json:"leftOut,omitempty"`
}

// BundleSummary counts what is in a bundle.
type BundleSummary struct {
	Packs    int   `json:"packs"`
	Versions int   `json:"versions"`
	Present  int   `json:"present"` // versions that were left out because the target has them
	LeftOut  int   `json:"leftOut"` // what cannot be read as a pack
	Bytes    int64 `json:"bytes"`   // of the layers
	// Referrers are the manifests that belong to versions: signatures, SBOMs.
	Referrers int `json:"referrers,omitempty"`
}

// BundleItem is one version in a bundle.
type BundleItem struct {
	Repository    string `json:"repository"` // in the bundle
	Name          string `json:"name"`
	Version       string `json:"version"`
	Digest        string `json:"digest"` // of the manifest
	Layer         string `json:"layer"`
	ContentDigest string `json:"contentDigest,omitempty"` // "" where it is not known
	Bytes         int64  `json:"bytes"`                   // of the layer

	Referrers []BundleReferrer `json:"referrers,omitempty"` // what belongs to it
}

// BundleReferrer is a manifest in a bundle that belongs to a version.
type BundleReferrer struct {
	Tag          string `json:"tag,omitempty"` // "" where it is found by its subject
	Digest       string `json:"digest"`
	ArtifactType string `json:"artifactType,omitempty"`
}

// BundleFile is a file of a bundle: the only one, or a part.
type BundleFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}
