package palettetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// archivePath is what Palette appends to a base content path.
const archivePath = "spectro-packs/archive"

// reader reads a registry with nothing but what its registration says.
type reader struct {
	kind   string
	spec   map[string]any
	server *Server
}

func (s *Server) reader(kind string, spec map[string]any) *reader {
	return &reader{kind: kind, spec: spec, server: s}
}

// text returns a text of the spec: text("auth", "username").
func (r *reader) text(path ...string) string {
	v, _ := r.value(path...).(string)
	return v
}

func (r *reader) value(path ...string) any {
	var at any = r.spec
	for _, key := range path {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	return at
}

// tlsPath is where trust stands: it differs between the kinds.
func (r *reader) tlsPath(key string) []string {
	if r.kind == "ecr" {
		return []string{"tls", key}
	}
	return []string{"auth", "tls", key}
}

// open returns a client for the registry, which the caller closes.
func (r *reader) open(ctx context.Context) (*remote.Registry, func(), error) {
	endpoint := r.text("endpoint")
	if r.kind == "ecr" {
		endpoint = "https://" + endpoint
		if u, err := url.Parse(endpoint); err == nil && loopback(u.Hostname()) && r.text("tls", "certificate") == "" {
			u.Scheme = "http" // ecrtest without TLS
			endpoint = u.String()
		}
	}
	u, err := url.Parse(strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v2"))
	if err != nil {
		return nil, nil, errors.New("endpoint cannot be read")
	}
	trust, err := r.trust()
	if err != nil {
		return nil, nil, err
	}
	t := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}
	credential, err := r.credential(ctx)
	if err != nil {
		return nil, nil, err
	}
	reg, err := remote.NewRegistry(u.Host)
	if err != nil {
		return nil, nil, err
	}
	reg.PlainHTTP = u.Scheme == "http"
	prefix := strings.TrimRight(u.Path, "/") + "/" + strings.Trim(r.text("basePath"), "/")
	reg.Client = &auth.Client{
		Client:     &http.Client{Transport: &prefixed{base: t, prefix: strings.TrimRight(prefix, "/")}},
		Credential: auth.StaticCredential(u.Host, credential),
	}
	return reg, t.CloseIdleConnections, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// trust is the authority that the registration gives, and those of the system.
func (r *reader) trust() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	cfg.InsecureSkipVerify, _ = r.value(r.tlsPath("insecureSkipVerify")...).(bool)
	pem := r.text(r.tlsPath("certificate")...)
	if pem == "" {
		return cfg, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		return nil, errors.New("tls.certificate holds no certificate")
	}
	cfg.RootCAs = pool
	return cfg, nil
}

func (r *reader) credential(ctx context.Context) (auth.Credential, error) {
	if r.kind == "ecr" {
		return r.awsToken(ctx)
	}
	switch kind := r.text("auth", "type"); kind {
	case "basic":
		return auth.Credential{Username: r.text("auth", "username"), Password: r.text("auth", "password")}, nil
	case "noAuth", "":
		return auth.EmptyCredential, nil
	default:
		return auth.EmptyCredential, fmt.Errorf("auth.type %s is not known", kind)
	}
}

// prefixed puts a path between host and API, as Artifactory has it.
type prefixed struct {
	base   http.RoundTripper
	prefix string
}

// RoundTrip sends a request to the path below the prefix.
func (p *prefixed) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.prefix != "" && strings.HasPrefix(req.URL.Path, "/v2/") {
		req = req.Clone(req.Context())
		req.URL.Path = p.prefix + req.URL.Path
	}
	return p.base.RoundTrip(req)
}

// base is where packs are looked for.
func (r *reader) base() string {
	return strings.Trim(strings.Trim(r.text("baseContentPath"), "/")+"/"+archivePath, "/") + "/"
}

// try looks whether the registry lets itself be listed.
func (r *reader) try(ctx context.Context) error {
	_, err := r.repositories(ctx)
	return err
}

// repositories lists those of packs.
func (r *reader) repositories(ctx context.Context) ([]string, error) {
	all, err := r.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("list repositories: %w", err)
	}
	var found []string
	for _, name := range all {
		if rest, ok := strings.CutPrefix(name, r.base()); ok && rest != "" {
			found = append(found, name)
		}
	}
	return found, nil
}

func (r *reader) list(ctx context.Context) ([]string, error) {
	if r.kind == "ecr" {
		if _, err := r.credential(ctx); err != nil {
			return nil, err
		}
		return r.awsRepositories(ctx)
	}
	reg, closeAll, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	var all []string
	err = reg.Repositories(ctx, "", func(page []string) error {
		all = append(all, page...)
		return nil
	})
	return all, err
}

// read finds every pack that Palette would show.
func (r *reader) read(ctx context.Context) ([]*pack, error) {
	names, err := r.repositories(ctx)
	if err != nil {
		return nil, err
	}
	reg, closeAll, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	var packs []*pack
	for _, name := range names {
		repo, err := reg.Repository(ctx, name)
		if err != nil {
			return nil, err
		}
		var tags []string
		err = repo.Tags(ctx, "", func(page []string) error {
			tags = append(tags, page...)
			return nil
		})
		if err != nil {
			continue // nothing in it yet: the base path repository, for one
		}
		for _, tag := range tags {
			p, err := readPack(ctx, repo, strings.TrimPrefix(name, r.base()), tag)
			if err != nil {
				return nil, err
			}
			if p != nil {
				packs = append(packs, p)
			}
		}
	}
	return packs, nil
}
