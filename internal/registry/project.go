package registry

import (
	"context"
	"errors"
)

// ProjectCreator is a registry whose repositories lie in a project that must
// be there before anything can be pushed.
type ProjectCreator interface {
	// HasProject tells whether the project of packs.yaml exists. It needs no more
	// than a login.
	HasProject(ctx context.Context) (bool, error)
	// CreateProject creates the project with the settings of packs.yaml. One that
	// exists already is left as it is and no error. The note, where it is not
	// empty, tells what the registry did otherwise than was wished.
	CreateProject(ctx context.Context) (note string, err error)
}

// Causes that only some registries have; callers test for them with errors.Is.
var (
	ErrNoProject  = errors.New("project not found") // and packs.yaml does not say that it shall be created
	ErrQuota      = errors.New("storage quota is used up")
	ErrNoWrites   = errors.New("takes no writes") // for nobody: read-only mode, a cache of another registry
	ErrProxySetup = errors.New("reverse proxy is set up wrongly")
)

// Checker is a registry that can tell of itself what will get in the way of
// publishing, without changing anything.
type Checker interface {
	// Check tells what was found. The error tells that the registry could not be
	// asked; the findings up to then come with it.
	Check(ctx context.Context) (Findings, error)
}

// Findings are what a registry tells of itself, each in a sentence.
type Findings struct {
	Wrong   []string // will get in the way, and what to do about it
	Unknown []string // what only a change would show, or is good to know
}
