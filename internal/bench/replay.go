package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// readyMade is one pack's archive and manifest, as they are pushed.
type readyMade struct {
	repository, tag string
	layer, manifest []byte
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

// readyMadeFrom reads the archives that a run of `packs` left in a layout.
func readyMadeFrom(layout string) ([]readyMade, error) {
	indexes, err := filepath.Glob(filepath.Join(layout, "spectro-packs", "archive", "*", "index.json"))
	if err != nil {
		return nil, err
	}
	var all []readyMade
	for _, index := range indexes {
		packs, err := readIndex(index)
		if err != nil {
			return nil, err
		}
		all = append(all, packs...)
	}
	return all, nil
}

// replay sends ready-made bytes with the fewest requests: what no tool can beat.
func replay(ctx context.Context, host string, packs []readyMade, workers int) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, MaxConnsPerHost: workers}}
	start := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, p := range packs {
		g.Go(func() error {
			base := "http://" + host + "/v2/" + p.repository
			for _, blob := range [][]byte{p.layer, []byte("{}")} {
				if err := upload(ctx, client, base, blob); err != nil {
					return err
				}
			}
			_, err := send(ctx, client, http.MethodPut, base+"/manifests/"+p.tag, manifestType, p.manifest)
			return err
		})
	}
	err := g.Wait()
	client.CloseIdleConnections()
	return time.Since(start), err
}

func upload(ctx context.Context, client *http.Client, base string, blob []byte) error {
	location, err := send(ctx, client, http.MethodPost, base+"/blobs/uploads/", "", nil)
	if err != nil {
		return err
	}
	u, err := url.Parse(location)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("digest", fmt.Sprintf("sha256:%x", sha256.Sum256(blob)))
	u.RawQuery = q.Encode()
	_, err = send(ctx, client, http.MethodPut, u.String(), "application/octet-stream", blob)
	return err
}

func send(ctx context.Context, client *http.Client, method, target, contentType string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err := resp.Body.Close(); err != nil {
		return "", err
	}
	if resp.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s %s: %s %s", method, target, resp.Status, text)
	}
	return resp.Header.Get("Location"), nil
}

// blobFile is where a layout keeps a blob.
func blobFile(layout, digest string) string {
	return filepath.Join(layout, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

func readBlob(layout, digest string) ([]byte, error) {
	return os.ReadFile(blobFile(layout, digest))
}
