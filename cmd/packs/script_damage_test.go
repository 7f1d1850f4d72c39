package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/packs-cli/packs/internal/registrytest"
)

// damage changes one byte in the storage of a server, behind its back:
//
//	registry damage layer|manifest NAME VERSION
func damage(ts *testscript.TestScript, s *registrytest.Server, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: registry damage layer|manifest NAME VERSION")
	}
	digest := digestOf(ts, s, args[0], args[1], args[2])
	hexed := strings.TrimPrefix(digest, "sha256:")
	file := filepath.Join(s.Storage, "docker", "registry", "v2", "blobs", "sha256", hexed[:2], hexed, "data")
	data, err := os.ReadFile(file)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(file, data, 0o600))
}

func digestOf(ts *testscript.TestScript, s *registrytest.Server, what, name, version string) string {
	url := fmt.Sprintf("%s/v2/team/spectro-packs/archive/%s/manifests/%s", s.URL, name, version)
	req, err := http.NewRequest(http.MethodGet, url, nil)
	ts.Check(err)
	req.SetBasicAuth(registrytest.Username, registrytest.Password)
	req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if what == "manifest" {
		return resp.Header.Get("Docker-Content-Digest")
	}
	var m struct{ Layers []struct{ Digest string } }
	ts.Check(json.Unmarshal(body, &m))
	return m.Layers[0].Digest
}

// unlisted stands before a server, refuses to list its repositories, and sets
// REGISTRY to itself.
func unlisted(ts *testscript.TestScript, s *registrytest.Server) {
	server, err := url.Parse(s.URL)
	ts.Check(err)
	proxy := httputil.NewSingleHostReverseProxy(server)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/_catalog" {
			http.Error(w, "not for you", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	ts.Defer(front.Close)
	ts.Setenv("REGISTRY", strings.TrimPrefix(front.URL, "http://"))
}
