package executor

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/manifest"
)

// hash digests packs, a few at a time, and joins all errors in their order.
func (e *Executor) hash(ctx context.Context, s *survey, packs []*manifest.Pack) error {
	results := make([]hashed, len(packs))
	errs := make([]error, len(packs))
	g := new(errgroup.Group) // its functions report into results and return nil
	g.SetLimit(e.opts.Workers)
	for i, p := range packs {
		g.Go(func() error {
			if e.ended(ctx) {
				return nil
			}
			results[i], errs[i] = e.hashOne(ctx, p)
			e.events.emit(Event{Type: EventPlanProgress})
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

// hashOne is digest with the pack in its error.
func (e *Executor) hashOne(ctx context.Context, p *manifest.Pack) (hashed, error) {
	h, err := e.digest(ctx, p)
	if err != nil {
		return hashed{}, &PackError{Path: p.Path, Err: err}
	}
	return h, nil
}

// digest digests a pack, or takes the digest from an earlier run where no file
// of the folder changed since. What is pushed is always read again.
func (e *Executor) digest(ctx context.Context, p *manifest.Pack) (hashed, error) {
	if e.folders == nil || p.Archive {
		inv, err := pack.Read(ctx, p.Dir, pack.Options{})
		if err != nil {
			return hashed{}, err
		}
		return hashed{inv.Digest, inv.Bytes}, nil
	}
	at := e.opts.Now()
	stamp, err := pack.ReadStamp(ctx, p.Dir)
	if err != nil {
		return hashed{}, err
	}
	if digest, size, ok := e.folders.Get(p.Dir, stamp); ok {
		return hashed{digest, size}, nil
	}
	inv, err := pack.Read(ctx, p.Dir, pack.Options{})
	if err != nil {
		return hashed{}, err
	}
	e.folders.Put(p.Dir, stamp, at, inv.Digest, inv.Bytes)
	return hashed{inv.Digest, inv.Bytes}, nil
}
