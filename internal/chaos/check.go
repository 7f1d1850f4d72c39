package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
)

// atOnce is how many versions are checked at the same time.
const atOnce = 4

// check looks at the end, past the proxies, whether every version is everywhere
// and right, by oras and by packs, and what else is left.
func (w *world) check(ctx context.Context, r *result) error {
	for _, s := range w.sites {
		for kind, n := range s.proxy.Count() {
			r.fault(kind, n)
		}
		if err := s.uploads(r); err != nil {
			return err
		}
	}
	if err := w.verify(ctx, r); err != nil {
		return err
	}
	if err := w.orasAll(ctx, r); err != nil {
		return err
	}
	return w.leftovers(r)
}

// uploads counts what was taken by a registry more than once.
func (s *site) uploads(r *result) error {
	blobs, tags := make(map[string]int), make(map[string]int)
	for _, q := range s.server.Requests() {
		if q.Method != http.MethodPut || q.Status != http.StatusCreated {
			continue
		}
		if repository, _, ok := strings.Cut(q.Path, "/blobs/uploads/"); ok {
			blobs[repository+"@"+q.Query.Get("digest")]++
		} else {
			tags[q.Path]++
		}
	}
	if len(blobs) == 0 || len(tags) == 0 {
		return fmt.Errorf("%s: its log tells of no upload", s.name)
	}
	for _, n := range blobs {
		r.uploads += n
		r.repeated += n - 1
	}
	for _, n := range tags {
		r.rewritten += n - 1
	}
	return nil
}

// verify lets packs read everything again, past the proxies: each byte of each
// layer, and the files in it.
func (w *world) verify(ctx context.Context, r *result) error {
	const file = "direct.yaml"
	if err := os.WriteFile(filepath.Join(w.work, file), []byte(w.packsYAML(func(s *site) string { return s.server.Host })), 0o600); err != nil {
		return err
	}
	cmd := w.packs(ctx, "verify", "--deep", "--no-cache", "-o", "json", "-f", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return err
	}
	var report struct {
		Items []struct{ Status, Registry, Name, Version, Digest, PublishedDigest, Problem string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("packs verify: %w\n%s", err, said.Bytes())
	}
	want := make(map[string]*version, len(w.versions))
	for i := range w.versions {
		want[w.versions[i].name+"@"+w.versions[i].version] = &w.versions[i]
	}
	for i := range report.Items {
		it := &report.Items[i]
		v := want[it.Name+"@"+it.Version]
		if it.Name == "" {
			continue // the base path
		}
		var missing error
		if it.Status != "ok" {
			missing = fmt.Errorf("%s: %s", it.Status, it.Problem)
		}
		right := v != nil && it.Digest == v.manifest.String() && it.PublishedDigest == v.content
		r.verified(it.Registry+": "+it.Name+"@"+it.Version, missing, right)
	}
	if n := len(w.versions) * (len(w.sites) + 1); r.checked != n {
		return fmt.Errorf("packs verify tells of %d versions, there are %d\n%s", r.checked, n, said.Bytes())
	}
	return nil
}

// orasAll pulls versions with oras, which checks digests by code of its own.
func (w *world) orasAll(ctx context.Context, r *result) error {
	chosen := rand.New(rand.NewPCG(w.seed, 2<<32)).Perm(len(w.versions))
	if w.oras > 0 && w.oras < len(chosen) {
		chosen = chosen[:w.oras]
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, s := range w.sites {
		for _, i := range chosen {
			v := &w.versions[i]
			g.Go(func() error {
				ok, err := w.pullByOras(ctx, s, v)
				r.byOras(s.name+": "+v.name+"@"+v.version, err, ok)
				return nil
			})
		}
	}
	return g.Wait()
}

func (w *world) pullByOras(ctx context.Context, s *site, v *version) (right bool, err error) {
	dir, err := os.MkdirTemp(w.work, "oras-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ref := s.server.Host + "/" + v.repository() + ":" + v.version
	cmd := exec.CommandContext(ctx, filepath.Join(w.bin, "oras"), "pull", "--plain-http", ref, "-o", dir)
	cmd.Env = []string{"HOME=" + dir, "DOCKER_CONFIG=" + dir}
	if out, err := cmd.CombinedOutput(); err != nil {
		return false, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	archive, err := os.ReadFile(filepath.Join(dir, v.name+"-"+v.version+".tar.gz"))
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(archive)
	return hex.EncodeToString(sum[:]) == v.layer.Encoded(), nil
}

// leftovers lists temporary files: in the folder for them, beside what is
// remembered, and in the layout.
func (w *world) leftovers(r *result) error {
	for _, root := range []string{w.temp, w.cache, filepath.Join(w.work, "layout")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if name := d.Name(); root == w.temp || strings.Contains(name, "tmp") || strings.Contains(name, "temp") || strings.Contains(name, "partial") {
				r.left = append(r.left, path)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
