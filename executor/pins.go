package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/internal/registry"
)

// PinRequest says what of a registry to write as pins.
type PinRequest struct {
	Registry string   // a registry of the catalog, also a readOnly or manual one
	Packs    []string // NAME or NAME@RANGE, NAME may be a glob; empty: all that the registry holds
}

// WritePins writes a line NAME:VERSION@MANIFEST CONTENT for each version that a
// registry holds: what a from: entry takes as pins. Content digests come from
// annotations and earlier runs, else layers are read. Where anything could not
// be asked nothing is written. What is no pack is left out and named.
func (e *Executor) WritePins(ctx context.Context, w io.Writer, q PinRequest) (leftOut []string, err error) {
	t := e.target(q.Registry)
	if t == nil {
		return nil, &InputError{Option: "--registry", Value: q.Registry, Message: "not among the registries of this run"}
	}
	selectors, err := parseSelectors(q.Packs)
	if err != nil {
		return nil, err
	}
	if err := t.locate(ctx); err != nil {
		return nil, err
	}
	versions, err := e.held(ctx, t, selectors)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(versions))
	g := new(errgroup.Group) // its functions report into the versions and return nil
	g.SetLimit(concurrency(t.spec))
	e.events.emit(Event{Type: EventPlanStarted, Total: len(versions)})
	for i, c := range versions {
		g.Go(func() error {
			if !e.ended(ctx) {
				errs[i] = e.pin(ctx, c)
				e.events.emit(Event{Type: EventPlanProgress})
			}
			return nil
		})
	}
	_ = g.Wait()
	if err := errors.Join(e.interrupted(ctx), errors.Join(errs...)); err != nil {
		return nil, err
	}
	all := make([]pins.Pin, 0, len(versions))
	for _, c := range versions {
		if c.seen.notPack != nil {
			leftOut = append(leftOut, fmt.Sprintf("%s:%s: %v", c.name, c.version, c.seen.notPack))
			continue
		}
		all = append(all, pins.Pin{Name: c.name, Version: c.version, Manifest: c.seen.info.Manifest.Digest, Content: c.content})
	}
	return leftOut, pins.Write(w, all)
}

// held lists the versions that a registry holds and selectors want.
func (e *Executor) held(ctx context.Context, t *target, selectors []selector) ([]*copied, error) {
	inv, err := e.inventory(ctx, t)
	if err != nil {
		return nil, err
	}
	if !inv.complete() {
		return nil, inv.gaps[0]
	}
	var all []*copied
	for i := range inv.repositories {
		s := &inv.repositories[i]
		for _, v := range s.versions {
			if len(selectors) == 0 || slices.ContainsFunc(selectors, func(want selector) bool { return want.selects(s.name, v) }) {
				all = append(all, &copied{source: t, repository: s.repository, name: s.name, version: v})
			}
		}
	}
	for _, want := range selectors {
		if !slices.ContainsFunc(all, func(c *copied) bool { return want.selects(c.name, c.version) }) {
			return nil, badSelector(want.text, t.spec.Name+" holds no such pack")
		}
	}
	return all, nil
}

// pin finds out both digests of a version. What is no pack is no error.
func (e *Executor) pin(ctx context.Context, c *copied) error {
	e.observeSource(ctx, c)
	if c.seen.err == nil && !c.seen.present {
		return fmt.Errorf("%s: %w", c.source.spec.Reference(c.name, c.version), registry.ErrNotFound)
	}
	if c.seen.err != nil || c.seen.notPack != nil || c.content != "" {
		return c.seen.err
	}
	err := e.readSource(ctx, c)
	c.files = nil // only the digest is wanted
	if isBadArchive(err) {
		c.seen.notPack = err
	}
	if c.seen.notPack != nil {
		err = nil
	}
	return err
}
