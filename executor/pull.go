package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
)

// PullRequest says which published version to fetch, and to where.
type PullRequest struct {
	Registry      string
	Name, Version string
	Dir           string // the folder that gets NAME-VERSION or NAME-VERSION.tar.gz; it must exist
	Archive       bool   // keep the archive as it is published, rather than its files
}

// Pulled is what a pull wrote.
type Pulled struct {
	Path          string `json:"path"`
	Reference     string `json:"reference"`
	Digest        string `json:"digest"`        // of the manifest
	ContentDigest string `json:"contentDigest"` // of the files that were read
	Bytes         int64  `json:"bytes"`         // of the files
	Files         int    `json:"files"`
}

// Pull fetches one version from a registry of the catalog. It never writes
// over anything: the folder or archive appears whole, or not at all.
func (e *Executor) Pull(ctx context.Context, q PullRequest) (Pulled, error) {
	t := e.target(q.Registry)
	if t == nil {
		return Pulled{}, &InputError{Option: "--registry", Value: q.Registry, Message: "not among the registries of this run"}
	}
	if err := t.locate(ctx); err != nil {
		return Pulled{}, err
	}
	title := artifact.Title(q.Name, q.Version)
	out := filepath.Join(q.Dir, title[:len(title)-len(".tar.gz")])
	if q.Archive {
		out = filepath.Join(q.Dir, title)
	}
	if _, err := os.Lstat(out); err == nil {
		return Pulled{}, fmt.Errorf("%s: %w", out, os.ErrExist)
	}
	repository := t.spec.Repository(q.Name)
	desc, raw, err := t.Manifest(ctx, repository, q.Version)
	if err != nil {
		return Pulled{}, err
	}
	info, err := artifact.Inspect(desc, raw)
	if err != nil {
		return Pulled{}, fmt.Errorf("%s: %w", t.spec.Reference(q.Name, q.Version), err)
	}
	inv, err := e.fetch(ctx, t, repository, info.Layer, out, q.Archive)
	if err != nil {
		return Pulled{}, err
	}
	return Pulled{
		Path: out, Reference: t.spec.Reference(q.Name, q.Version), Digest: desc.Digest.String(),
		ContentDigest: inv.Digest, Bytes: inv.Bytes, Files: len(inv.Files),
	}, nil
}

// fetch writes beside out first and renames when everything is there and right.
func (e *Executor) fetch(ctx context.Context, t *target, repository string, layer ocispec.Descriptor, out string, archive bool) (inv *pack.Inventory, err error) {
	rc, err := t.Blob(ctx, repository, layer)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	tmp, err := os.MkdirTemp(filepath.Dir(out), ".packs-pull-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	part := filepath.Join(tmp, filepath.Base(out))
	if archive {
		inv, err = saveArchive(ctx, rc, part)
	} else {
		inv, err = saveFiles(ctx, rc, part)
	}
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", layer.Digest, err)
	}
	return inv, os.Rename(part, out)
}

func saveFiles(ctx context.Context, r io.Reader, dir string) (*pack.Inventory, error) {
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // a pack is no secret: as git checks it out
		return nil, err
	}
	inv, err := pack.Extract(ctx, r, dir, pack.Limits{})
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, r) // to the end, so that the digest of the whole layer is checked
	return inv, err
}

func saveArchive(ctx context.Context, r io.Reader, path string) (inv *pack.Inventory, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644) //nolint:gosec // a pack is no secret
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, r); err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return pack.ReadArchive(ctx, f, pack.Limits{})
}
