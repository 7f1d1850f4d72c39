package scaffold

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/packs-cli/packs/schema"
)

// Source is a registry that a catalog copies from.
type Source struct {
	Fields []Field // of its entry, in their order
	Packs  []Held
}

// Field is a key of a registry's entry with its value as YAML.
type Field struct{ Key, Value string }

// Held is what the registry holds of one pack.
type Held struct {
	Name     string
	Versions []string
}

const sourceHead = `# yaml-language-server: $schema=./packs.schema.json
#
# What is copied from which registry to which. "packs plan" shows what would be copied,
# "packs apply" copies it, "packs schema" prints the format of this file.
apiVersion: packs/v1
kind: Catalog

registries:
  - name: source               # never written to
    readOnly: true
`

const sourceTargets = `
  - name: local                # OCI layouts in a folder; put the registry here that the packs shall go to
    type: layout
    path: ./dist/registry

packs:
  - from:
      registry: source
      name:                    # take away what shall not come along
`

const sourceTail = `    # only: {versions: ">=1.0.0"}
    registries: [local]
` + catalogTail

// FromRegistry writes a packs.yaml that copies what a registry holds, with its
// schema. A file that exists is fs.ErrExist, and nothing is written then.
func FromRegistry(dir string, s Source) (*Catalog, error) {
	c := &Catalog{File: filepath.Join(dir, CatalogFile), Schema: filepath.Join(dir, schema.FileName(schema.Packs)), Packs: len(s.Packs)}
	text, err := schema.Get(schema.Packs)
	if err != nil {
		return nil, err
	}
	return c, create(file{c.File, []byte(s.text())}, file{c.Schema, text})
}

func (s *Source) text() string {
	var b strings.Builder
	b.WriteString(sourceHead)
	for _, f := range s.Fields {
		fmt.Fprintf(&b, "    %s: %s\n", f.Key, f.Value)
	}
	b.WriteString(sourceTargets)
	for _, p := range s.Packs {
		fmt.Fprintf(&b, "        - %-20s # %s\n", scalar(p.Name), comment(someVersions(p.Versions)))
	}
	b.WriteString(sourceTail)
	return b.String()
}

// someVersions lists the newest of many versions.
func someVersions(all []string) string {
	const shown = 5
	if len(all) <= shown {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s … %s, %d versions", all[0], strings.Join(all[len(all)-shown+1:], ", "), len(all))
}
