package manifest_test

import (
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

const paletteHead = "-- packs.yaml --\napiVersion: packs/v1\nkind: Catalog\npacks: [{path: p}]\n"

const palettePack = "\n-- p/pack.json --\n{\"name\":\"p\",\"displayName\":\"P\",\"version\":\"1.0.0\",\"layer\":\"addon\"}\n"

func TestMistakesInPaletteBlocks(t *testing.T) {
	t.Parallel()
	ecr := "{name: a, type: ecr, region: us-east-1, palette: {name: p, "
	for registries, want := range map[string]string{
		"[{name: a, type: oci, host: h, palette: {name: p}}, {name: b, type: oci, host: i, palette: {name: p}}]": `packs.yaml:4:111: palette name "p" is there twice: first in line 4 (give each registry a name of its own in Palette)`,
		"[" + ecr + "readAs: {basePath: /x}}}]":                                                       `packs.yaml:4:92: basePath is for registries of type oci and harbor: Amazon ECR has none (take it away)`,
		"[" + ecr + "credentials: {type: sts}}}]":                                                     `packs.yaml:4:93: credentials of type sts lack roleArn (add roleArn: the role that Palette uses)`,
		"[" + ecr + "credentials: {type: nope}}}]":                                                    `type must be secret, sts or pod-identity, not "nope"`,
		"[{name: a, type: oci, host: h, palette: {name: p, credentials: {type: none, username: u}}}]": `packs.yaml:4:83: credentials of type none name a user (take type: none away, or the user)`,
	} {
		got, _ := mistakes(t, paletteHead+"registries: "+registries+palettePack, manifest.LoadOptions{})
		if !strings.Contains(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", registries, got, want)
		}
	}
}

// TestPalettesOfTheirOwn: the same name in two installations is two registries.
func TestPalettesOfTheirOwn(t *testing.T) {
	t.Parallel()
	c := load(t, paletteHead+`registries:
  - {name: a, type: oci, host: h, palette: {name: p, syncTimeout: 1m30s, insecureSkipVerify: true}}
  - {name: b, type: oci, host: i, palette: {name: p, api: {endpoint: "https://palette.site.example/", apiKeyEnv: KEY, limits: {requestsPerSecond: 2.5, concurrency: 3}}}}
palette: {apiKeyFile: ./key, projectUid: x}`+palettePack, manifest.LoadOptions{})
	a, b := c.Registries[0].Palette, c.Registries[1].Palette
	if a.API != nil || a.SyncTimeout.Seconds() != 90 || !a.InsecureSkipVerify || c.Palette.ProjectUID != "x" || !strings.HasSuffix(c.Palette.APIKeyFile, "key") {
		t.Errorf("a: %+v, catalog %+v", a, c.Palette)
	}
	if b.API.Endpoint != "https://palette.site.example" || b.API.Limits != (manifest.Limits{Concurrency: 3, RequestsPerSecond: 2.5}) {
		t.Errorf("b: %+v", b.API)
	}
}
