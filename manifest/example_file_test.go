package manifest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/schema"
)

// exampleFile is the commented packs.yaml at the root.
var exampleFile = filepath.Join("..", "packs.yaml.example")

func TestExampleFileFitsTheSchema(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(schema.Packs, asJSON); err != nil {
		t.Error(err)
	}
}

// TestExampleFileIsComplete: each key of the schema is in it, if only in a comment.
func TestExampleFileIsComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	schemaText, err := schema.Get(schema.Packs)
	if err != nil {
		t.Fatal(err)
	}
	var root any
	if err := json.Unmarshal(schemaText, &root); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	var collect func(any)
	collect = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, child := range node {
				collect(child)
			}
		case map[string]any:
			if properties, ok := node["properties"].(map[string]any); ok {
				for key := range properties {
					keys[key] = true
				}
			}
			for _, child := range node {
				collect(child)
			}
		}
	}
	collect(root)
	if len(keys) < 80 {
		t.Fatalf("only %d keys found", len(keys))
	}
	for key := range keys {
		if !regexp.MustCompile(`(?m)(^|[\s{#])` + key + `:`).Match(text) {
			t.Errorf("%s is not there", key)
		}
	}
}

func TestExampleFileLoads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "packs.yaml"), string(text))
	for path, pack := range map[string][2]string{
		"packs/nginx": {"nginx", "1.3.0"}, "packs/wip-x": {"x", "1.0.0"}, "packs/edge/csi": {"csi-nfs", "4.1.0"}, "packs/edge/old": {"csi-nfs", "3.0.0"},
	} {
		layer := map[bool]string{true: "csi", false: "addon"}[pack[0] == "csi-nfs"]
		put(t, filepath.Join(dir, path, "pack.json"), `{"name": "`+pack[0]+`", "displayName": "x", "version": "`+pack[1]+`", "layer": "`+layer+`"}`)
	}
	for _, file := range []string{"certs/corp-ca.pem", "certs/client.pem", "certs/client.key", "ecr/pull-from-clusters.json", "ecr/lifecycle.json", "promoted/prod.pins"} {
		put(t, filepath.Join(dir, file), "{}")
	}
	archive(t, filepath.Join(dir, "vendor", "argo-cd-3.3.5.tar.gz"), "argo-cd", "3.3.5")
	c, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Remarks) > 0 {
		t.Errorf("remarks %v", c.Remarks)
	}
	wantLines(t, packLines(c),
		"argo-cd:3.3.5 vendor/argo-cd-3.3.5.tar.gz > local=fail,dev-ecr=overwrite,prod-ecr=fail,site-harbor=fail",
		"csi-nfs:3.0.0 packs/edge/old > dev-ecr=overwrite",
		"csi-nfs:4.1.0 packs/edge/csi > local=skip,dev-ecr=overwrite",
		"nginx:1.3.0 packs/nginx > dev-ecr=overwrite")
	checkExampleRegistries(t, c)
	checkExampleRest(t, c)
}

func checkExampleRegistries(t *testing.T, c *manifest.Catalog) {
	t.Helper()
	var names, bases []string
	for i := range c.Registries {
		names = append(names, c.Registries[i].Name)
		bases = append(bases, c.Registries[i].Base())
	}
	wantLines(t, names, "local", "dev-ecr", "prod-ecr", "site-harbor", "old")
	wantLines(t, bases, "spectro-packs/archive", "packs-dev/spectro-packs/archive", "packs/spectro-packs/archive", "platform/spectro-packs/archive", "team-a/spectro-packs/archive")
	local, prod, site := c.Registries[0], c.Registries[2], c.Registries[3]
	if local.Path != filepath.Join(c.Dir, "dist", "registry") || local.BasePathRepository || local.Artifact != (manifest.Artifact{Shape: "oras-1.0", ContentDigest: "annotation"}) || local.Limits.Concurrency != 16 {
		t.Errorf("local %+v", local)
	}
	if r := prod.ECR; r.Account != "222222222222" || r.SessionName != "packs" || r.Repository.Tags["team"] != "platform" || !slices.Equal(r.Repository.ExclusionFilters, []string{"dev-*"}) || r.Repository.EncryptionType != "KMS" || !r.Repository.ScanOnPush {
		t.Errorf("prod-ecr %+v", r)
	}
	if p := prod.Palette; p.SyncTimeout != 15*time.Minute || p.Credentials.ExternalIDEnv != "PALETTE_EXTERNAL_ID" || p.Credentials.Type != "sts" || prod.Limits.RequestsPerSecond != 8 || prod.Images.Prefix != "packs-images" || !prod.Manual {
		t.Errorf("prod-ecr %+v, %+v", prod, p)
	}
	h := site.Harbor
	if site.Host != "harbor.site.example:8443" || !h.CreateProject || h.Public == nil || *h.Public || h.StorageLimit != 50<<30 || site.TLS.CAFile != filepath.Join(c.Dir, "certs", "corp-ca.pem") || site.Credentials.Username != "robot$packs+ci" {
		t.Errorf("site-harbor %+v, %+v", site, h)
	}
	if p := site.Palette; p.API.Endpoint != "https://palette.site.example" || p.API.APIKeyFile != "/run/secrets/palette" || p.ReadAs.BaseContentPath != "platform" || p.API.TLS == nil {
		t.Errorf("site-harbor %+v", p)
	}
	if old := c.Registries[4]; !old.ReadOnly || old.PlainHTTP || !old.BasePathRepository {
		t.Errorf("old %+v", old)
	}
}

func checkExampleRest(t *testing.T, c *manifest.Catalog) {
	t.Helper()
	if len(c.From) != 2 || c.From[0].Registry != "dev-ecr" || c.From[0].Only.Pins != filepath.Join(c.Dir, "promoted", "prod.pins") || !c.From[0].Referrers ||
		len(c.From[0].Registries) != 2 || !slices.Equal(c.From[1].Names, []string{"*"}) {
		t.Errorf("from %+v", c.From)
	}
	if len(c.Retired) != 2 || c.Retired[0].Registries != nil || !slices.Equal(c.Retired[1].Registries, []string{"prod-ecr"}) || c.Retired[0].Versions != "<1.2.0" {
		t.Errorf("retired %+v", c.Retired)
	}
	if p := c.Prune; p.Last != 5 || p.NewerThan != 90*24*time.Hour || !slices.Equal(p.Matching, []string{"*-lts"}) {
		t.Errorf("prune %+v", p)
	}
	if l := c.Lint; l.Gate != "error" || l.Rules["trailing-space"] != "off" || l.Paths[0].Path != "packs/edge/**" || len(l.Ignore) != 2 || l.Ignore[0].Reason == "" {
		t.Errorf("lint %+v", l)
	}
	if c.Palette.APIKeyEnv != "PALETTE_API_KEY" || c.Palette.Endpoint != "https://api.spectrocloud.com" {
		t.Errorf("palette %+v", c.Palette)
	}
	if h := c.Hooks; h.BeforePush.Timeout != 30*time.Second || h.AfterApply.Command != filepath.Join(c.Dir, "hooks", "notify") || !slices.Equal(h.AfterApply.Args, []string{"platform"}) {
		t.Errorf("hooks %+v", h)
	}
	if len(c.Files) != 5 {
		t.Errorf("files %v", c.Files)
	}
}
