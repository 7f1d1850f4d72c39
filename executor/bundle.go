package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// BundleRequest says what goes into a bundle.
type BundleRequest struct {
	Registry  string   // where the packs are: a registry of the catalog, also a readOnly one
	Packs     []string // NAME or NAME@RANGE, NAME may be a glob; empty: all that the registry holds
	Path      string   // FILE.tar
	Split     int64    // makes parts of at most so many bytes; 0: one file
	MissingIn string   // leaves out what this registry of the catalog holds already; "": nothing
	Present   string   // leaves out what this pin file says is there already; "": nothing
	Referrers bool     // takes what belongs to versions along: signatures, SBOMs
}

// Bundle writes what a registry holds into a bundle. The file appears whole or
// not at all; where nothing is to go into it, there is none. Blobs are not stored
// on the way.
func (e *Executor) Bundle(ctx context.Context, q BundleRequest) (*BundleReport, error) {
	b := &bundling{Executor: e, request: q, report: &BundleReport{APIVersion: plan.APIVersion, Kind: BundleKind, Items: []BundleItem{}}}
	if err := b.choose(ctx); err != nil {
		return nil, err
	}
	b.report.Tool = e.opts.Tool
	if len(b.versions) == 0 {
		return b.report, nil
	}
	if err := b.describe(); err != nil {
		return nil, err
	}
	return b.report, b.write(ctx)
}

// bundling is one Bundle.
type bundling struct {
	*Executor
	request  BundleRequest
	source   *target
	versions []*copied
	files    []bundleFile
	report   *BundleReport
}

// choose finds out which versions go into the bundle, and reads their manifests.
func (b *bundling) choose(ctx context.Context) error {
	if b.source = b.target(b.request.Registry); b.source == nil {
		return &InputError{Option: "--registry", Value: b.request.Registry, Message: "not among the registries of this run"}
	}
	selectors, err := parseSelectors(b.request.Packs)
	if err != nil {
		return err
	}
	present, err := b.present(ctx)
	if err != nil {
		return err
	}
	if err := b.source.locate(ctx); err != nil {
		return err
	}
	held, err := b.held(ctx, b.source, selectors)
	if err != nil {
		return err
	}
	b.events.emit(Event{Type: EventPlanStarted, Total: len(held)})
	there, errs := make([]bool, len(held)), make([]error, len(held))
	b.each(ctx, b.source, len(held), func(i int) {
		there[i], errs[i] = b.look(ctx, held[i], present)
		b.events.emit(Event{Type: EventPlanProgress})
	})
	if err := errors.Join(b.interrupted(ctx), errors.Join(errs...)); err != nil {
		return err
	}
	for i, c := range held {
		switch {
		case c.seen.notPack != nil:
			b.report.Summary.LeftOut++
			b.report.LeftOut = append(b.report.LeftOut, fmt.Sprintf("%s:%s: %v", c.name, c.version, c.seen.notPack))
		case there[i]:
			b.report.Summary.Present++
		default:
			b.versions = append(b.versions, c)
		}
	}
	return nil
}

// present tells of a version whether the place that the bundle is for has it.
type present func(ctx context.Context, c *copied) (bool, error)

func (b *bundling) present(ctx context.Context) (present, error) {
	switch q := &b.request; {
	case q.Present != "":
		return presentPins(q.Present)
	case q.MissingIn != "":
		t := b.target(q.MissingIn)
		if t == nil {
			return nil, &InputError{Option: "--missing-in", Value: q.MissingIn, Message: "not among the registries of this run"}
		}
		if err := t.locate(ctx); err != nil {
			return nil, err
		}
		return func(ctx context.Context, c *copied) (bool, error) {
			seen := b.observe(ctx, t, t.spec.Repository(c.name), c.version)
			if seen.err != nil {
				return false, seen.err
			}
			digest := seen.info.Manifest.Digest
			if b.request.Referrers && seen.present && digest == c.seen.info.Manifest.Digest {
				return b.hasBeside(ctx, t, c)
			}
			return seen.present && sameVersion(c, digest.String(), seen.info.ContentDigest), nil
		}, nil
	}
	return func(context.Context, *copied) (bool, error) { return false, nil }, nil
}

func presentPins(file string) (present, error) {
	read, err := pins.Read(file)
	if err != nil {
		return nil, err
	}
	all := make(map[string]pins.Pin, len(read))
	for _, p := range read {
		all[p.Name+":"+p.Version] = p
	}
	return func(_ context.Context, c *copied) (bool, error) {
		p, there := all[c.name+":"+c.version]
		return there && (p.Manifest == "" && p.Content == "" || sameVersion(c, p.Manifest.String(), p.Content)), nil
	}, nil
}

// sameVersion tells whether what is elsewhere is what would be copied there: the
// same manifest, or the same content.
func sameVersion(c *copied, digest, content string) bool {
	return c.seen.info.Manifest.Digest.String() == digest || c.content != "" && pack.KnownDigest(content) && c.content == content
}

// look reads one manifest, and tells whether the target has the version already.
func (b *bundling) look(ctx context.Context, c *copied, there present) (bool, error) {
	// The content digest is found out in any case: pins are to have it, and the
	// bundle must not depend on what this machine happens to know.
	if err := b.pin(ctx, c); err != nil || c.seen.notPack != nil {
		return false, err
	}
	if is, err := there(ctx, c); is || err != nil {
		return is, err
	}
	// What Harbor and ECR tell of a version by their own APIs has no layer in it.
	err := c.complete(ctx)
	if c.seen.notPack != nil {
		return false, nil //nolint:nilerr // it is left out, and told
	}
	if err != nil {
		return false, err
	}
	if err := b.takeBeside(ctx, c); err != nil || c.raw != nil {
		return false, err
	}
	_, raw, err := b.source.Manifest(ctx, c.repository, c.seen.info.Manifest.Digest.String())
	c.raw = raw
	return false, err
}

// describe makes the list of files, and what is told of them.
func (b *bundling) describe() error {
	slices.SortStableFunc(b.versions, compareCopied)
	byName := make(map[string][]*copied)
	var names []string
	for _, c := range b.versions {
		if byName[c.name] == nil {
			names = append(names, c.name)
		}
		byName[c.name] = append(byName[c.name], c)
		info := &c.seen.info
		beside, err := reportBeside(c)
		if err != nil {
			return err
		}
		b.report.Items = append(b.report.Items, BundleItem{
			Repository: manifest.ArchivePath + "/" + c.name, Name: c.name, Version: c.version, Digest: info.Manifest.Digest.String(),
			Layer: info.Layer.Digest.String(), ContentDigest: c.content, Bytes: info.Layer.Size, Referrers: beside,
		})
		b.report.Summary.Referrers += len(beside)
		b.report.Summary.Bytes += info.Layer.Size
	}
	b.report.Summary.Packs, b.report.Summary.Versions = len(names), len(b.versions)
	if err := b.describeHead(); err != nil {
		return err
	}
	for _, name := range names {
		files, err := layoutFiles(manifest.ArchivePath+"/"+name, byName[name])
		if err != nil {
			return err
		}
		b.files = append(b.files, files...)
	}
	return nil
}

// write writes the files, blobs as they come from the registry.
func (b *bundling) write(ctx context.Context) (err error) {
	files := make([]bundle.File, len(b.files))
	for i := range b.files {
		files[i] = b.files[i].File
	}
	list := bundle.NewList(b.report.Summary.Packs, b.report.Summary.Versions, files)
	w, err := bundle.Create(b.request.Path, b.request.Split, list)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	fetched := b.fetchAhead(ctx)
	err = b.addAll(ctx, w, fetched)
	cancel()
	fetched.wait()
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	parts, err := w.Commit()
	if err != nil {
		return err
	}
	for _, p := range parts {
		b.report.Files = append(b.report.Files, BundleFile(p))
	}
	return nil
}

func (b *bundling) addAll(ctx context.Context, w *bundle.Writer, fetched *prefetch) error {
	for i := range b.files {
		if err := b.interrupted(ctx); err != nil {
			return err
		}
		f := &b.files[i]
		r, err := fetched.open(ctx, i)
		if err != nil {
			return err
		}
		err = errors.Join(w.Add(f.Path, r), r.Close())
		fetched.done(i)
		if err != nil {
			return err
		}
	}
	return nil
}

// reader makes bytes a file to read from.
func reader(data []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(data)) }
