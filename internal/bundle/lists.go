package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/packs-cli/packs/internal/strictjson"
	"github.com/packs-cli/packs/plan"
)

// Names in and beside a bundle.
const (
	ListFile   = "bundle.json" // the checksums of all other files; it comes first
	listSuffix = ".json"       // of the list of parts, behind the bundle's own name
	// Kind and PartsKind are the kinds of these documents.
	Kind      = "Bundle"
	PartsKind = "BundleParts"
)

// maxList is the largest list that is read, in bytes: some 400,000 files.
const maxList = 64 << 20

// ErrBroken says that a bundle is not what it was when it was made.
var ErrBroken = errors.New("the bundle is broken")

// List is bundle.json.
type List struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Summary    Summary `json:"summary"`
	Files      []File  `json:"files"` // in the order of the bundle, without bundle.json itself
}

// Summary counts what a bundle holds.
type Summary struct {
	Repositories int   `json:"repositories"`
	Versions     int   `json:"versions"`
	Files        int   `json:"files"`
	Bytes        int64 `json:"bytes"` // of the files
}

// File is one file of a bundle.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // 64 lower-case hexadecimal digits
}

// PartList is FILE.tar.json: the parts of a bundle that was split.
type PartList struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Summary    PartSummary `json:"summary"`
	Parts      []Part      `json:"parts"` // in their order
}

// PartSummary counts parts.
type PartSummary struct {
	Parts int   `json:"parts"`
	Bytes int64 `json:"bytes"`
}

// Part is one part.
type Part struct {
	Name   string `json:"name"` // of the file, which lies beside the list
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func readPartList(path string) (*PartList, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	var l PartList
	if err := decode(path, f, PartsKind, &l); err != nil {
		return nil, err
	}
	if len(l.Parts) == 0 || len(l.Parts) > maxParts {
		return nil, fmt.Errorf("%w: %s lists %d parts, there are 1 to %d", ErrBroken, path, len(l.Parts), maxParts)
	}
	sum := PartSummary{Parts: len(l.Parts)}
	for _, p := range l.Parts {
		if p.Size < 0 || !isSum(p.SHA256) {
			return nil, fmt.Errorf("%w: %s: the part %q has no size or checksum", ErrBroken, path, p.Name)
		}
		sum.Bytes += p.Size
	}
	if sum != l.Summary {
		return nil, fmt.Errorf("%w: the summary of %s does not count its parts", ErrBroken, path)
	}
	return &l, nil
}

// decode reads a list strictly.
func decode(name string, r io.Reader, kind string, into any) error {
	data, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxList {
		return fmt.Errorf("%w: %s has more than %d bytes", ErrBroken, name, maxList)
	}
	head, err := plan.ReadHead(data)
	if err == nil && head.Kind != kind {
		err = fmt.Errorf("it is of kind %.100q, not %s", head.Kind, kind)
	}
	if err == nil {
		err = strictjson.Decode(data, into)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBroken, name, err)
	}
	return nil
}

// check holds a list to itself.
func (l *List) check() error {
	sum := l.Summary
	sum.Files, sum.Bytes = len(l.Files), 0
	seen := make(map[string]bool, len(l.Files))
	for _, f := range l.Files {
		if !fs.ValidPath(f.Path) || f.Path == "." || f.Path == ListFile || f.Size < 0 || !isSum(f.SHA256) || seen[f.Path] {
			return fmt.Errorf("%w: %s lists the file %.200q in a way that cannot be", ErrBroken, ListFile, f.Path)
		}
		seen[f.Path] = true
		sum.Bytes += f.Size
	}
	if sum != l.Summary {
		return fmt.Errorf("%w: the summary of %s does not count its files", ErrBroken, ListFile)
	}
	return nil
}

func isSum(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 32 && s == strings.ToLower(s)
}
