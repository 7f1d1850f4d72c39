package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/packs-cli/packs/internal/login"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/suggest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// all logs in to every registry of packs.yaml that wants a login and has none,
// but for manual ones, which are contacted only when they are named. One that
// fails does not keep the others from it.
func (s *loginSession) all(ctx context.Context) error {
	c, err := s.registriesOf(&s.options.catalogFlags)
	if err != nil {
		return err
	}
	var failed []error
	done := make(map[string]bool)
	for i := range c.Registries {
		spec := &c.Registries[i]
		if err := s.interrupted(); err != nil {
			return err
		}
		key := spec.Host
		if spec.Credentials != nil || spec.Type == manifest.TypeECR {
			key = spec.Name // a login of its own
		}
		if spec.Type == manifest.TypeLayout || spec.Manual || done[key] {
			continue
		}
		done[key] = true
		if err := s.need(ctx, spec); ctx.Err() != nil || exitCode(err) == exitInterrupted {
			return err
		} else if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// need logs in to a registry if it needs it.
func (s *loginSession) need(ctx context.Context, spec *manifest.Registry) error {
	if spec.Type == manifest.TypeECR {
		return s.exchange(ctx, spec)
	}
	if spec.Credentials != nil {
		return s.status(ctx, spec)
	}
	status, err := s.logins.Status(ctx, spec)
	if err != nil {
		return err
	}
	switch status.State {
	case login.Open, login.Good:
		return s.tell(spec, &status)
	case login.Refused:
		s.notice("%s: %v", spec.Name, status.Err)
	}
	return s.one(ctx, spec)
}

// status checks the credentials of packs.yaml.
func (s *loginSession) status(ctx context.Context, spec *manifest.Registry) error {
	status, err := s.logins.Status(ctx, spec)
	switch {
	case err != nil:
		return err
	case status.State == login.Refused:
		return status.Err
	}
	return s.tell(spec, &status)
}

func (s *loginSession) tell(spec *manifest.Registry, status *login.Status) error {
	line := spec.Host + ": wants no login"
	if status.State == login.Good {
		line = fmt.Sprintf("%s: takes %v", spec.Host, status.Login)
	}
	_, err := io.WriteString(s.out, render.Clean(line)+"\n")
	return err
}

// registriesOf reads packs.yaml for its registries: mistakes in packs are not
// looked at.
func (a *app) registriesOf(f *catalogFlags) (*manifest.Catalog, error) {
	c, err := a.load(f.file, f.loadOptions(a))
	if c != nil && len(c.Registries) > 0 {
		return c, nil
	}
	return c, err
}

// findRegistry is the registry of that name or host in packs.yaml; else any
// other host.
func (a *app) findRegistry(f *catalogFlags, name string) (*manifest.Registry, error) {
	o := f.loadOptions(a)
	o.Registries = []string{name}
	c, err := manifest.Load(f.file, o)
	if c == nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, exit(err, exitInput)
	}
	if c == nil {
		c = &manifest.Catalog{}
	}
	for _, named := range []bool{true, false} {
		for i := range c.Registries {
			r := &c.Registries[i]
			if named && r.Name == name || !named && r.Host == name && len(r.Unset) == 0 {
				return r, nil
			}
		}
	}
	if !strings.ContainsAny(name, ".:") && !transport.Loopback(name) {
		hint := "a registry of packs.yaml, or a host as in registry.example.com"
		if near := suggest.Nearest(name, registryNames(c)); near != "" {
			hint = "did you mean " + near + "?"
		}
		return nil, &usageError{message: fmt.Sprintf("there is no registry %s in %s", name, f.file), hint: hint}
	}
	r, err := login.Registry(name)
	return r, exitIf(err, exitInput)
}

func registryNames(c *manifest.Catalog) []string {
	names := make([]string, 0, len(c.Registries))
	for i := range c.Registries {
		names = append(names, c.Registries[i].Name)
	}
	return names
}
