package oci

import "context"

// Pace spaces out the writing of manifests, for registries with a quota of its
// own for that. It may be called by many goroutines.
type Pace interface {
	// Wait returns when the next manifest may be written: before each try. learn is
	// told whether it was refused as one too many.
	Wait(ctx context.Context) (learn func(refused bool), err error)
}

// noPace is for registries without such a quota.
type noPace struct{}

func (noPace) Wait(context.Context) (func(bool), error) { return func(bool) {}, nil }
