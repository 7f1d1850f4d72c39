package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretsOfPaletteNeverShow runs every command against a Palette that
// repeats its key and what it is sent: in errors, and in answers of success
// wherever a text may stand.
func TestSecretsOfPaletteNeverShow(t *testing.T) {
	const key, reader = `canary-key/1+2%41`, `canary-reader/3+"4`
	for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 500} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
			said := strings.Join(append(forms(r.Header.Get("ApiKey")), string(body), reader), " ")
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", "https://"+r.Host+"/"+r.Header.Get("ApiKey"))
			w.WriteHeader(status)
			if status >= 300 {
				_, _ = fmt.Fprintf(w, `{"code":%q,"message":%q,"ref":%q}`, r.Header.Get("ApiKey"), said, said)
				return
			}
			_, _ = fmt.Fprint(w, strings.ReplaceAll(`{"uid":"SAID","type":"basic","status":"Failed","message":"SAID","name":"SAID",
				"items":[{"uid":"u","name":"site","kind":"oci","metadata":{"name":"SAID","uid":"SAID"},"specSummary":{"published":{"packs":[{"name":"SAID"}]}},
				"spec":{"name":"SAID","registries":[{"uid":"u","latestVersion":"SAID"}]}}],
				"metadata":{"name":"site","annotations":{"a":"SAID"}},"spec":{"endpoint":"SAID","baseContentPath":"SAID","auth":{"username":"SAID","tls":{"certificate":"SAID"}}},
				"tags":[{"version":"1.2.0","packUid":"SAID"}],"packValues":[{"packUid":"SAID","values":"SAID"}]}`, "SAID", jsonText(said)))
		}))
		t.Cleanup(h.Close)
		c := newCage(t, "127.0.0.1:1", &keeper{env: map[string]string{"KEY": key, "READER": reader}}, key, reader)
		c.catalog(t, "{name: dev, type: oci, host: '127.0.0.1:1', repositoryPrefix: x, palette: {name: site, syncTimeout: 100ms, credentials: {username: u, passwordEnv: READER}}}")
		c.append(t, "palette: {endpoint: '"+h.URL+"', apiKeyEnv: KEY, limits: {requestsPerSecond: 1000}}\n")
		name := fmt.Sprintf("a Palette that answers %d", status)
		for _, r := range canaryRuns(c.dir) {
			if r.args[0] == "palette" {
				c.run(t, name, r.stdin, append(r.args, retriesFlag(r.args)...)...)
			}
		}
		c.run(t, name, "", "palette", "register", "--yes", "--update-credentials")
		c.run(t, name, "", "apply", "--yes", "--palette", "--retries", "0")
		c.run(t, name, "", "doctor")
		if !c.echoed && status != 302 && status != 404 {
			t.Errorf("%d: nothing was taken out of what it said: did it say anything?", status)
		}
	}
}

func retriesFlag(args []string) []string {
	if args[1] == "verify" {
		return []string{"--retries", "0"}
	}
	return nil
}

// jsonText is a text as it stands between quotes in JSON.
func jsonText(s string) string {
	quoted := forms(s)[1]
	return quoted
}

// append adds lines to the catalog.
func (c *cage) append(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(c.dir, "packs.yaml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	plant(t, file, string(b)+text, 0o600)
}
