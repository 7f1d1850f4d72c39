package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/bench/catalog"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
	"github.com/packs-cli/packs/manifest"
)

// world is everything that a run needs, and what must come of it.
type world struct {
	config
	catalog  *manifest.Catalog
	versions []version
	sites    []*site
	temp     string // where packs may put temporary files
	cache    string
}

// version is one pack as it must be published.
type version struct {
	name, version string
	content       string // digest of the files
	layer         digest.Digest
	manifest      digest.Digest
}

func (v *version) repository() string { return "team/spectro-packs/archive/" + v.name }

// site is a registry behind its proxy.
type site struct {
	name   string
	server *registrytest.Server
	proxy  *faultproxy.Server
}

// kinds are the faults to draw from. What costs a second or a run comes less
// often than what costs a request.
func kinds() []faultproxy.Kind {
	const usual = 4
	all := make([]faultproxy.Kind, 0, usual*len(faultproxy.Kinds()))
	for _, k := range faultproxy.Kinds() {
		n := usual
		switch k {
		case faultproxy.TooManySeconds, faultproxy.TooManyDate, faultproxy.UnavailableSeconds, faultproxy.UnavailableDate,
			faultproxy.StalledUpload, faultproxy.StalledDownload, faultproxy.StalledReply, faultproxy.ForeignLocation, faultproxy.WrongDigest:
			n = 1
		}
		for range n {
			all = append(all, k)
		}
	}
	return all
}

func newWorld(ctx context.Context, c config) (w *world, err error) {
	w = &world{config: c, temp: filepath.Join(c.work, "tmp"), cache: filepath.Join(c.work, "cache")}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if _, err := catalog.Write(filepath.Join(c.work, "packs"), catalog.Options{Packs: c.packs, Seed: c.seed, Small: !c.large}); err != nil {
		return w, err
	}
	if err := os.Mkdir(w.temp, 0o700); err != nil {
		return w, err
	}
	if err := w.open("plain", registrytest.Options{}); err != nil {
		return w, err
	}
	if err := w.open("tokens", registrytest.Options{Auth: registrytest.AuthBearer, Tokens: registrytest.TokenOptions{AnonymousPull: true}}); err != nil {
		return w, err
	}
	file := filepath.Join(c.work, "packs.yaml")
	if err := os.WriteFile(file, []byte(w.packsYAML(func(s *site) string { return s.proxy.Host })), 0o600); err != nil {
		return w, err
	}
	if w.catalog, err = manifest.Load(file, manifest.LoadOptions{}); err != nil {
		return w, err
	}
	return w, w.foresee(ctx)
}

// open starts a registry and the proxy before it.
func (w *world) open(name string, o registrytest.Options) error {
	dir := filepath.Join(w.work, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	server, err := registrytest.Run(filepath.Join(w.bin, "registry"), dir, o)
	if err != nil {
		return err
	}
	s := &site{name: name, server: server}
	w.sites = append(w.sites, s)
	fo := faultproxy.Options{Target: server.Host, Seed: w.seed + uint64(len(w.sites)), Rate: w.rate, Kinds: kinds()}
	if o.Auth == registrytest.AuthBearer {
		fo.TokenRequests = 4
	}
	s.proxy, err = faultproxy.Run(fo)
	return err
}

func (w *world) close() error {
	http.DefaultClient.CloseIdleConnections() // the watchers'
	errs := make([]error, 0, len(w.sites))
	for _, s := range w.sites {
		if s.proxy != nil {
			s.proxy.Close()
		}
		errs = append(errs, s.server.Close())
	}
	return errors.Join(errs...)
}

// packsYAML is the catalog, with the hosts that registries are asked at.
func (w *world) packsYAML(host func(*site) string) string {
	var b strings.Builder
	b.WriteString("apiVersion: packs/v1\nkind: Catalog\nregistries:\n  - {name: local, type: layout, path: ./layout, repositoryPrefix: team}\n")
	for _, s := range w.sites {
		fmt.Fprintf(&b, "  - name: %s\n    type: oci\n    host: %s\n    repositoryPrefix: team\n", s.name, host(s))
		if s.server.Tokens != nil {
			fmt.Fprintf(&b, "    credentials: {username: %s, passwordEnv: CHAOS_PASSWORD}\n", registrytest.Username)
		}
	}
	b.WriteString("packs:\n  - path: packs/**\n")
	return b.String()
}

// foresee works out what every tag must point to: the same pack has the same
// bytes and digests everywhere.
func (w *world) foresee(ctx context.Context) error {
	for i := range w.catalog.Packs {
		p := &w.catalog.Packs[i]
		sum, size := sha256.New(), new(counter)
		inv, err := pack.Build(ctx, io.MultiWriter(sum, size), p.Dir, pack.Meta{Name: p.Name, Version: p.Version})
		if err != nil {
			return err
		}
		layer := artifact.Blob{Descriptor: ocispec.Descriptor{Digest: digest.NewDigest(digest.SHA256, sum), Size: int64(*size)}}
		a, err := artifact.New(layer, artifact.Title(p.Name, p.Version), artifact.Options{ContentDigest: inv.Digest})
		if err != nil {
			return err
		}
		w.versions = append(w.versions, version{
			name: p.Name, version: p.Version, content: inv.Digest, layer: layer.Digest, manifest: a.Manifest.Digest,
		})
	}
	return nil
}

type counter int64

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
