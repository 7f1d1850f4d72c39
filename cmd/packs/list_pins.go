package main

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

// wantsPins tells whether list is to write pins, which are of one registry and
// so go with no other result.
func (o *listOptions) wantsPins() (bool, error) {
	outputs := o.outputs.outputs()
	pins := slices.ContainsFunc(outputs, func(out output) bool { return out.format == "pins" })
	if pins && len(outputs) > 1 {
		return false, &usageError{message: "pins cannot be written together with other results", hint: "pins are of what one registry holds, the others of what packs.yaml says: run list twice"}
	}
	return pins, nil
}

// runPins writes what one registry holds as pins.
func runPins(ctx context.Context, a *app, o *listOptions) (err error) {
	packs := o.packs
	o.packs, o.options.Pulling, o.options.Unmanaged = nil, true, false // it is the registry that must have them
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	from, err := s.pullFrom(o.registries)
	if err != nil {
		return err
	}
	return a.write(o.outputs.outputs(), func(w *bytes.Buffer, _ output) error {
		leftOut, err := s.exec.WritePins(ctx, w, executor.PinRequest{Registry: from, Packs: packs})
		s.progress.Close()
		for _, what := range leftOut {
			a.notice("left out, not a pack: %s", render.Clean(what))
		}
		return err
	})
}
