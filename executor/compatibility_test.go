package executor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
	"github.com/packs-cli/packs/manifest"
)

// TestDistribution28 publishes to the registry server as Debian has it, also
// through faults; all other tests have version 3.
func TestDistribution28(t *testing.T) {
	t.Parallel()
	binary := registrytest.OnPath(t, "docker-registry")
	for name, o := range map[string]registrytest.Options{"plain": {}, "basic": {Auth: registrytest.AuthBasic}, "bearer": {Auth: registrytest.AuthBearer}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := registrytest.Run(binary, t.TempDir(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			p := faultproxy.Start(t, faultproxy.Options{Target: s.Host, Seed: 1, Rate: 0.1, Kinds: []faultproxy.Kind{
				faultproxy.Unavailable, faultproxy.ReplyLost, faultproxy.CutBefore, faultproxy.LostSession404,
			}})
			w := newWorld(t)
			login := &manifest.Credentials{Username: registrytest.Username, PasswordEnv: "PASSWORD"}
			if o.Auth == registrytest.AuthNone {
				login = nil
			}
			w.through(p, manifest.Registry{BasePathRepository: true, Credentials: login})
			w.publishMany(t, executor.Options{Env: func(name string) (string, bool) { return registrytest.Password, name == "PASSWORD" }})
		})
	}
}

// TestSkopeoReads copies a pack with skopeo, from a registry and from a layout.
func TestSkopeoReads(t *testing.T) {
	t.Parallel()
	skopeo := registrytest.OnPath(t, "skopeo")
	w := newWorld(t, "local")
	s := w.onServer("r")
	w.pack("a", "1.0.0", "a: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	policy := filepath.Join(t.TempDir(), "policy.json")
	w.write(policy, `{"default":[{"type":"insecureAcceptAnything"}]}`)
	const repository = "spectro-packs/archive/a"
	for _, source := range []string{
		fmt.Sprintf("docker://%s/%s:1.0.0", s.Host, repository),
		fmt.Sprintf("oci:%s:1.0.0", filepath.Join(w.catalog.Registries[0].Path, filepath.FromSlash(repository))),
	} {
		to := filepath.Join(t.TempDir(), "copy")
		out, err := exec.CommandContext(t.Context(), skopeo, "--policy", policy, "copy", "--src-tls-verify=false", source, "dir:"+to).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", source, err, out)
			continue
		}
		var m struct{ Layers []struct{ Digest string } }
		raw, err := os.ReadFile(filepath.Join(to, "manifest.json"))
		if err != nil || json.Unmarshal(raw, &m) != nil || len(m.Layers) != 1 {
			t.Errorf("%s: %s, %v", source, raw, err)
			continue
		}
		files, err := os.ReadDir(to)
		if err != nil || !slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.HasSuffix(m.Layers[0].Digest, f.Name()) }) {
			t.Errorf("%s: the layer is not among %v, %v", source, files, err)
		}
	}
	out, err := exec.CommandContext(t.Context(), skopeo, "list-tags", "--tls-verify=false", fmt.Sprintf("docker://%s/%s", s.Host, repository)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"1.0.0"`) {
		t.Errorf("list-tags: %v\n%s", err, out)
	}
}
