package scaffold

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/locate"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/schema"
)

// CatalogFile is the usual name of a catalog.
const CatalogFile = "packs.yaml"

// Catalog is what Init found and wrote.
type Catalog struct {
	File    string // packs.yaml
	Schema  string // the schema beside it
	Packs   int    // that the catalog holds
	Paths   []string
	LeftOut []LeftOut
}

// LeftOut is a pack folder that the catalog excludes, because it could not be published.
type LeftOut struct{ Path, Reason string }

// ErrInsidePack says that the folder is itself a pack: a packs.yaml would become part of it.
var ErrInsidePack = errors.New("the folder is itself a pack")

// Init finds the packs below a folder and writes a commented packs.yaml with
// its schema. A file that exists is fs.ErrExist, and nothing is written then.
func Init(dir string) (*Catalog, error) {
	if locate.IsPack(dir) {
		return nil, fmt.Errorf("%s: %w", dir, ErrInsidePack)
	}
	folders, err := locate.Find(dir)
	if err != nil {
		return nil, err
	}
	c := &Catalog{File: filepath.Join(dir, CatalogFile), Schema: filepath.Join(dir, schema.FileName(schema.Packs))}
	var good []string
	seen := make(map[string]string)
	for _, f := range folders {
		rel, err := filepath.Rel(dir, f)
		if err != nil {
			return nil, err
		}
		rel = filepath.ToSlash(rel)
		if reason := unfit(f, rel, seen); reason != "" {
			c.LeftOut = append(c.LeftOut, LeftOut{rel, reason})
			continue
		}
		good = append(good, rel)
	}
	c.Packs, c.Paths = len(good), globs(good)
	text, err := schema.Get(schema.Packs)
	if err != nil {
		return nil, err
	}
	return c, create(file{c.File, []byte(c.text())}, file{c.Schema, text})
}

// unfit says why a folder cannot be in the catalog; "" where it can.
func unfit(folder, rel string, seen map[string]string) string {
	meta, err := pack.ReadMeta(folder)
	if err != nil {
		var me *pack.MetaError
		if errors.As(err, &me) {
			return "pack.json: " + me.Message
		}
		return err.Error()
	}
	key := strings.ToLower(meta.Name + ":" + meta.Version)
	if first, known := seen[key]; known {
		return fmt.Sprintf("%s:%s is in %s too", meta.Name, meta.Version, first)
	}
	seen[key] = rel
	return ""
}

// globs returns patterns that match all folders: one for each folder at the
// top, or one for everything where packs lie at the top themselves.
func globs(folders []string) []string {
	var all []string
	for _, f := range folders {
		top, _, below := strings.Cut(f, "/")
		if !below {
			return []string{"**"}
		}
		all = append(all, escapeGlob(top)+"/**")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var globSigns = regexp.MustCompile(`[*?\[\]{}\\!]`)

func escapeGlob(s string) string { return globSigns.ReplaceAllString(s, `\$0`) }
