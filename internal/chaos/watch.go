package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
)

// watcher looks at one registry, past its proxy, as a reader would: what a tag
// points to must be there and be right, at every moment; and what was there
// must stay.
type watcher struct {
	*world
	site *site
	rng  *rand.Rand
	seen map[string]bool // tags that were there, and blobs whose bytes were right
}

// pause leaves the registry to others between two looks.
const pause = 3 * time.Millisecond

func (w *watcher) watch(ctx context.Context, r *result) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		v := &w.versions[w.rng.IntN(len(w.versions))]
		if err := w.look(ctx, v); err != nil {
			if ctx.Err() != nil {
				return nil // it was told to stop
			}
			return fmt.Errorf("seen at %s: %s:%s: %w", w.site.name, v.repository(), v.version, err)
		}
		r.looked()
	}
}

var errMissing = errors.New("missing")

// look fails where a version is wrong; one that is not there yet is fine.
func (w *watcher) look(ctx context.Context, v *version) error {
	raw, err := w.fetch(ctx, v, "/manifests/"+v.version)
	if errors.Is(err, errMissing) && !w.seen[v.repository()+":"+v.version] {
		return nil
	}
	if err != nil {
		return fmt.Errorf("its manifest: %w", err)
	}
	w.seen[v.repository()+":"+v.version] = true
	if got := digest.FromBytes(raw); got != v.manifest {
		return fmt.Errorf("points to %s, want %s", got, v.manifest)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	if len(m.Layers) != 1 || m.Layers[0].Digest != v.layer {
		return fmt.Errorf("its layers are %v, want %s", m.Layers, v.layer)
	}
	for _, d := range []digest.Digest{m.Config.Digest, v.layer} {
		content, err := w.fetch(ctx, v, "/blobs/"+d.String())
		if err != nil {
			return fmt.Errorf("it names %s: %w", d, err)
		}
		if got := digest.FromBytes(content); got != d {
			return fmt.Errorf("it names %s, whose bytes are %s", d, got)
		}
	}
	return nil
}

// fetch reads what a path of a repository holds.
func (w *watcher) fetch(ctx context.Context, v *version, path string) ([]byte, error) {
	token, err := w.token(ctx, v.repository())
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.site.server.URL+"/v2/"+v.repository()+path, nil)
	if err != nil {
		return nil, err
	}
	for _, t := range artifact.Accept() {
		req.Header.Add("Accept", t)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(resp.Body)
	case http.StatusNotFound:
		return nil, errMissing
	}
	return nil, fmt.Errorf("status %d", resp.StatusCode)
}

// token asks for one to read a repository with; "" where none is wanted.
func (w *watcher) token(ctx context.Context, repository string) (string, error) {
	tokens := w.site.server.Tokens
	if tokens == nil {
		return "", nil
	}
	query := url.Values{"service": {"registrytest"}, "scope": {"repository:" + repository + ":pull"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, tokens.Realm+"?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	var reply struct{ Token string }
	err = json.NewDecoder(resp.Body).Decode(&reply)
	return reply.Token, err
}
