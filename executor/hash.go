package executor

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/manifest"
)

// hash digests packs, a few at a time, and joins all errors in their order.
func (e *Executor) hash(ctx context.Context, s *survey, packs []*manifest.Pack) error {
	results := make([]hashed, len(packs))
	errs := make([]error, len(packs))
	g := new(errgroup.Group) // its functions report into results and return nil
	for range e.opts.Workers {
		g.Go(func() error {
			for !e.ended(ctx) {
				i, missing, ok := s.queue.take()
				if !ok {
					break
				}
				results[i], errs[i] = e.hashOne(ctx, packs[i], missing && e.opts.Ahead)
				e.events.emit(Event{Type: EventPlanProgress})
			}
			return nil
		})
	}
	_ = g.Wait()
	if err := e.interrupted(ctx); err != nil {
		return err
	}
	for i, p := range packs {
		s.digests[p] = results[i]
	}
	if err := e.folders.Save(); err != nil {
		e.opts.Logger.Info("digests are not remembered", "error", err)
	}
	return errors.Join(errs...)
}

// hashOne digests a pack, or takes the digest from an earlier run where no file
// of the folder changed since. One that is sure to be pushed is read in any
// case, and compressed in the same pass where there is room to keep the archive.
func (e *Executor) hashOne(ctx context.Context, p *manifest.Pack, push bool) (hashed, error) {
	fail := func(err error) (hashed, error) { return hashed{}, &PackError{Path: p.Path, Err: err} }
	at, stamp, err := e.stamp(ctx, p)
	if err != nil {
		return fail(err)
	}
	if push {
		h, done, err := e.buildAhead(ctx, p)
		switch {
		case err != nil:
			return fail(err)
		case done:
			e.learnt(p, stamp, at, h)
			return h, nil
		}
	}
	if stamp != nil {
		if digest, size, ok := e.folders.Get(p.Dir, *stamp); ok {
			return hashed{digest, size}, nil
		}
	}
	inv, err := pack.Read(ctx, p.Dir, pack.Options{})
	if err != nil {
		return fail(err)
	}
	h := hashed{inv.Digest, inv.Bytes}
	e.learnt(p, stamp, at, h)
	return h, nil
}

// stamp tells whether a folder changed; nil where nothing is remembered of it.
func (e *Executor) stamp(ctx context.Context, p *manifest.Pack) (time.Time, *pack.Stamp, error) {
	at := e.opts.Now()
	if e.folders == nil || p.Archive {
		return at, nil, nil
	}
	stamp, err := pack.ReadStamp(ctx, p.Dir)
	return at, &stamp, err
}

func (e *Executor) learnt(p *manifest.Pack, stamp *pack.Stamp, at time.Time, h hashed) {
	if stamp != nil {
		e.folders.Put(p.Dir, *stamp, at, h.digest, h.bytes)
	}
}
