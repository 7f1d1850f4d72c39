package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
)

// TestSecretsOfClientKeysNeverShow has the key of a client certificate in place:
// one that the registry lets in, one that does not fit its certificate, one that
// is no key at all, and a certificate file that holds a key.
func TestSecretsOfClientKeysNeverShow(t *testing.T) {
	s := registrytest.Start(t, registrytest.Options{TLS: true, ClientCerts: true})
	right, err := os.ReadFile(s.Client.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := s.CA.Issue("stranger", registrytest.Leaf{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(stranger.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	garbage := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(strings.Repeat("canary of a key ", 8))}))
	keys := map[string]struct {
		key      string
		cert     string // "": the right one
		wantDone bool
	}{
		"the right key":          {key: string(right), wantDone: true},
		"the key of another":     {key: string(other)},
		"no key":                 {key: garbage},
		"a key as a certificate": {key: string(right), cert: string(right)},
		"a key outside of PEM":   {key: strings.Join(strings.Split(string(right), "\n")[1:], "\n")},
	}
	for name, k := range keys {
		c := newCage(t, s.Host, &keeper{}, secretLines(k.key)...)
		cert := s.Client.CertFile
		plant(t, filepath.Join(c.dir, "in", "client.key"), k.key, 0o600)
		if k.cert != "" {
			cert = filepath.Join(c.dir, "in", "client.pem")
			plant(t, cert, k.cert, 0o600)
		}
		c.catalog(t, "{name: dev, type: oci, host: '"+s.Host+"', tls: {caFile: '"+s.CAFile+"', certFile: '"+cert+"', keyFile: '"+filepath.Join(c.dir, "in", "client.key")+"'}}")
		if code := c.run(t, name, "", "apply", "--yes"); (code == exitDone) != k.wantDone {
			t.Errorf("%s: apply ends with %d", name, code)
		}
		c.every(t, name)
	}
}

// secretLines are the lines of a PEM file that hold the secret.
func secretLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) > 20 && !strings.HasPrefix(line, "-----") {
			lines = append(lines, line)
		}
	}
	return lines
}
