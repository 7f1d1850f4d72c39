package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// station is a chosen registry that Palette shall know.
type station struct {
	*target
	block  *manifest.RegistryPalette
	host   string // of Palette
	client *palette.Client
	err    error // why Palette cannot be asked; client is nil
}

// stations are the chosen registries with a palette: block. Registries of one
// Palette share a client, and with it the limit on requests. Close frees them.
type stations struct {
	all     []*station
	clients map[string]*palette.Client
}

func (e *Executor) stations() *stations {
	s := &stations{clients: make(map[string]*palette.Client)}
	for _, t := range e.targets {
		if t.spec.Palette == nil {
			continue
		}
		api := e.apiOf(t)
		st := &station{target: t, block: t.spec.Palette, host: palette.HostOf(api.Endpoint)}
		st.client, st.err = s.client(e, api)
		st.hide(e.opts.Env)
		s.all = append(s.all, st)
	}
	return s
}

// apiOf is the Palette of a registry: its own, or the catalog's.
func (e *Executor) apiOf(t *target) *manifest.Palette {
	if api := t.spec.Palette.API; api != nil {
		return api
	}
	if e.catalog.Palette != nil {
		return e.catalog.Palette
	}
	return &manifest.Palette{Endpoint: palette.DefaultEndpoint}
}

// hide keeps what Palette reads with out of everything that Palette says: it
// knows it, and may repeat it. What is not set is no matter here.
func (st *station) hide(env func(string) (string, bool)) {
	if st.client == nil {
		return
	}
	if w, err := palette.Want(st.spec); err == nil {
		secrets, _ := w.Fill(env)
		st.client.Hide(secrets...)
	}
}

// client opens a Palette once.
func (s *stations) client(e *Executor, api *manifest.Palette) (*palette.Client, error) {
	id := strings.Join([]string{api.Endpoint, api.APIKeyEnv, api.APIKeyFile, api.ProjectUID}, "\x00")
	if c := s.clients[id]; c != nil {
		return c, nil
	}
	key, err := palette.Key(e.opts.Env, api)
	if err != nil {
		return nil, err
	}
	c, err := palette.New(palette.Config{
		Endpoint: api.Endpoint, APIKey: key, ProjectUID: api.ProjectUID, TLS: api.TLS, Limits: api.Limits,
		Env: e.opts.Env, UserAgent: e.opts.userAgent(), Logger: e.opts.Logger, Retry: e.opts.retryPolicy(), Timeouts: e.opts.timeouts(),
	})
	if err == nil {
		s.clients[id] = c
	}
	return c, err
}

// Close frees connections.
func (s *stations) Close() {
	for _, c := range s.clients {
		c.Close()
	}
}

// palettesAtOnce is how many registries are worked on at the same time. Their
// requests share the limit of their Palette.
const palettesAtOnce = 8

// each calls fn for all stations, several at once; results go by index.
func (s *stations) each(fn func(i int, st *station)) {
	g := new(errgroup.Group) // its functions return nil
	g.SetLimit(palettesAtOnce)
	for i, st := range s.all {
		g.Go(func() error {
			fn(i, st)
			return nil
		})
	}
	_ = g.Wait()
}

// ErrNoPalette says that no chosen registry has a palette: block.
var ErrNoPalette = errors.New("no registry of this run has a palette: block")

// errSystem is the cause for a name that belongs to the whole installation.
var errSystem = errors.New("a registry of the whole installation has this name")

// address is locate for what need not reach the registry: where Amazon cannot
// be asked, the host is worked out from account and region.
func (t *target) address(ctx context.Context) error {
	err := t.locate(ctx)
	if host := t.spec.Address(); err != nil && t.spec.ECR != nil && host != string(manifest.TypeECR) {
		spec := *t.spec
		spec.Host = host
		t.spec = &spec
		return nil
	}
	return err
}

// find returns what Palette has under the name of a registry: the one of our
// kind, else one of the other kind. found is nil where there is none.
func (st *station) find(ctx context.Context, kind palette.Kind) (found *palette.Entry, err error) {
	if st.err != nil {
		return nil, st.err
	}
	entries, err := st.client.Find(ctx, st.block.Name)
	if err != nil {
		return nil, err
	}
	var system bool
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Class != "oci" && e.Class != "":
		case e.OfSystem():
			system = true
		case found == nil || e.Kind == kind:
			found = e
		}
	}
	if found == nil && system {
		return nil, &registry.Error{
			Op: "look for registry " + st.block.Name + " at", Ref: st.host, Err: errSystem,
			Hint: "registries of scope system are made and changed in Palette's system console only: choose another name: in palette: of registry " + st.spec.Name,
		}
	}
	return found, nil
}

// errUnregistered is the cause where Palette does not know a registry.
var errUnregistered = errors.New("Palette does not know the registry") //nolint:staticcheck // begins with a name

// registered is find for what needs the registry to be there.
func (st *station) registered(ctx context.Context) (*palette.Entry, error) {
	found, err := st.find(ctx, st.kind())
	if err == nil && found == nil {
		err = &registry.Error{
			Op: "look for registry " + st.block.Name + " at", Ref: st.host, Err: fmt.Errorf("%w: %w", registry.ErrNotFound, errUnregistered),
			Hint: "`packs palette register` registers it; a key of the tenant or project that has it is needed to see it",
		}
	}
	return found, err
}

func (st *station) kind() palette.Kind {
	if st.spec.Type == manifest.TypeECR {
		return palette.ECR
	}
	return palette.Basic
}

// note tells a listener what goes on.
func (e *Executor) note(format string, args ...any) {
	e.events.emit(Event{Type: EventNote, Note: fmt.Sprintf(format, args...)})
}

// pause waits, unless the run is to end.
func (e *Executor) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	case <-e.opts.Stop:
		return ErrInterrupted
	}
}

// oneLine is an error whose joined parts stand on one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", ": ") }
