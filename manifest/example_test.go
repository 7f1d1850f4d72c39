package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/packs-cli/packs/manifest"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "catalog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	files := map[string]string{
		"packs.yaml": `
apiVersion: packs/v1
kind: Catalog
registries:
  - {name: local, type: layout, path: ./dist}
  - {name: prod, type: oci, host: "${REGISTRY:-registry.example.com}", repositoryPrefix: platform}
packs:
  - path: packs/*
`,
		"packs/nginx-1.0.0/pack.json": `{"name": "nginx", "displayName": "NGINX", "version": "1.0.0", "layer": "addon"}`,
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	catalog, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{Env: os.LookupEnv})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, pack := range catalog.Packs {
		for _, target := range pack.Targets {
			if r, ok := catalog.Registry(target.Registry); ok && r.Type == manifest.TypeOCI {
				fmt.Println(pack.Path, "goes to", r.Reference(pack.Name, pack.Version))
			}
		}
	}
	// Output: packs/nginx-1.0.0 goes to registry.example.com/platform/spectro-packs/archive/nginx:1.0.0
}
