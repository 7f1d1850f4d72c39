package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/manifest"
)

// Level says how bad a finding is.
type Level int

// The levels. OK is what is as it should be, a Note is to be known, Bad will
// get in the way.
const (
	OK Level = iota + 1
	Note
	Bad
)

// Finding is one thing that was found out.
type Finding struct {
	Level Level
	Topic string // "reach", "login", "certificate", …
	Text  string
	Fix   string // what to do; may be empty
}

// Examination is what was found out about one registry.
type Examination struct {
	Registry *manifest.Registry
	Address  string // as far as it is known
	Findings []Finding
}

// Healthy tells whether nothing bad was found.
func (x *Examination) Healthy() bool {
	for _, f := range x.Findings {
		if f.Level == Bad {
			return false
		}
	}
	return true
}

// Options is what an examination needs. The zero value works for registries
// without a login.
type Options struct {
	Prune     bool                                      // whether versions shall be deleted, too
	AllowExec bool                                      // whether programs of packs.yaml may print credentials
	Env       func(name string) (value string, ok bool) // nil: no variable is set
	Now       func() time.Time                          // nil: the real clock
	Palette   *manifest.Palette                         // of registries whose palette: block has none of its own; nil: the vendor's
	UserAgent string
	Logger    *slog.Logger
}

const (
	atOnce  = 8           // registries that are examined at the same time
	patient = time.Minute // how long one examination may take
)

// Examine examines registries, several at once, and returns what it found in
// their order. The error is that of ctx.
func Examine(ctx context.Context, registries []*manifest.Registry, o Options) ([]*Examination, error) {
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of an injected clock
	}
	all := make([]*Examination, len(registries))
	g := new(errgroup.Group) // its functions report into all and return nil
	g.SetLimit(atOnce)
	for i, r := range registries {
		g.Go(func() error {
			limited, cancel := context.WithTimeoutCause(ctx, patient, errPatience)
			defer cancel()
			all[i] = o.examine(limited, r)
			return nil
		})
	}
	_ = g.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return all, nil
}

var errPatience = fmt.Errorf("no end within %v", patient)

func (o *Options) examine(ctx context.Context, r *manifest.Registry) *Examination {
	x := &Examination{Registry: r, Address: r.Address()}
	switch r.Type {
	case manifest.TypeLayout:
		x.folder()
	case manifest.TypeOCI:
		x.network(ctx, o, oci.Options{})
	case manifest.TypeHarbor:
		x.harbor(ctx, o)
	case manifest.TypeECR:
		x.ecr(ctx, o)
	}
	x.palette(ctx, o)
	return x
}

func (x *Examination) add(level Level, topic, fix, format string, args ...any) {
	x.Findings = append(x.Findings, Finding{Level: level, Topic: topic, Text: fmt.Sprintf(format, args...), Fix: fix})
}

// fail adds an error, with what it says to do.
func (x *Examination) fail(topic string, err error) {
	var e *registry.Error
	if !errors.As(err, &e) {
		x.add(Bad, topic, "", "%v", err)
		return
	}
	x.add(Bad, topic, e.Hint, "%v", e)
}

// findings adds what a backend found out about itself.
func (x *Examination) findings(topic, well string, found registry.Findings) {
	for _, f := range found.Wrong {
		x.add(Bad, topic, "", "%s", f)
	}
	if len(found.Wrong) == 0 {
		x.add(OK, topic, "", "%s", well)
	}
	for _, f := range found.Unknown {
		x.add(Note, topic, "", "%s", f)
	}
}

// folder looks at a layout.
func (x *Examination) folder() {
	info, err := os.Stat(x.Registry.Path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		x.add(Note, "folder", "", "is not there yet: apply makes it")
	case err != nil:
		x.fail("folder", err)
	case !info.IsDir() && !x.Registry.ReadOnly:
		x.add(Bad, "folder", "set path: to a folder", "is no folder")
	default:
		x.add(OK, "folder", "", "is there")
	}
}
