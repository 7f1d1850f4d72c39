// Package place reads how a command line names a registry without a packs.yaml:
// HOST[:PORT][/PATH], a folder of OCI layouts, or a bundle.
package place

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/manifest"
)

// Place is a registry as a command line names it.
type Place struct {
	Text   string // as it was written
	Host   string // HOST[:PORT]; "" for a folder or bundle
	Prefix string // what follows the host, without spectro-packs/archive
	Path   string // absolute, of a folder or bundle; "" for a host
}

// Bundle tells whether a place is a file that holds a layout.
func (p Place) Bundle() bool { return p.Path != "" && strings.HasSuffix(p.Path, ".tar") }

// ErrPlace is the cause of what cannot be a place.
var ErrPlace = errors.New("want HOST[:PORT][/PATH], or a folder as ./FOLDER")

// Parse reads a place. What begins with a dot or slash, or ends with .tar, is a
// path; else what looks like a host is one: with a dot or port in its first part,
// or localhost. dir is where relative paths start.
func Parse(text, dir string) (Place, error) {
	p := Place{Text: text}
	slashed := filepath.ToSlash(text)
	first, rest, _ := strings.Cut(slashed, "/")
	scheme, _, hasScheme := strings.Cut(text, "://")
	switch {
	case text == "":
		return p, ErrPlace
	case hasScheme:
		return p, fmt.Errorf("%w: without %s://", ErrPlace, scheme)
	case strings.Contains(first, "@"):
		return p, fmt.Errorf("%w: without a user; docker's logins are used", ErrPlace)
	case filepath.IsAbs(text), strings.HasPrefix(slashed, "."), strings.HasPrefix(slashed, "/"), strings.HasSuffix(text, ".tar"):
		p.Path = text
		if !filepath.IsAbs(text) {
			p.Path = filepath.Join(dir, text)
		}
		return p, nil
	case first != "localhost" && !strings.ContainsAny(first, ".:"):
		return p, fmt.Errorf("%w: %s is no host; ./%s is the folder", ErrPlace, first, text)
	}
	p.Host, p.Prefix = first, strings.Trim(path.Clean("/"+rest), "/")
	if p.Prefix == manifest.ArchivePath {
		p.Prefix = ""
	}
	p.Prefix = strings.TrimSuffix(p.Prefix, "/"+manifest.ArchivePath)
	return p, nil
}

// Access is how to reach hosts.
type Access struct {
	PlainHTTP bool
	CAFile    string // absolute; "" for none
}

// Entry is the entry of registries: in a packs.yaml for a place.
func (p Place) Entry(name string, a Access) map[string]any {
	e := map[string]any{"name": name}
	if p.Host == "" {
		e["type"], e["path"] = string(manifest.TypeLayout), literal(filepath.ToSlash(p.Path))
		return e
	}
	e["type"], e["host"] = string(manifest.TypeOCI), literal(p.Host)
	if h, ok := ecrhost.Parse(p.Host); ok {
		e["type"], e["account"], e["region"] = string(manifest.TypeECR), h.Account, h.Region
	}
	if p.Prefix != "" {
		e["repositoryPrefix"] = literal(p.Prefix)
	}
	if e["type"] == string(manifest.TypeOCI) {
		if a.PlainHTTP {
			e["plainHTTP"] = true
		}
		if a.CAFile != "" {
			e["tls"] = map[string]any{"caFile": literal(filepath.ToSlash(a.CAFile))}
		}
	}
	return e
}

// literal keeps ${ from being read as a variable.
func literal(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// Wanted is what of a source to copy: NAME, which may be a glob, and a range.
type Wanted struct{ Name, Versions string }

// Options say what Catalog holds beyond the two places.
type Options struct {
	Access
	Wanted    []Wanted // empty: everything
	Referrers bool
	Rewrite   bool
}

// Names of the two registries where both have the same text.
const (
	sourceName = "source"
	targetName = "target"
)

// Catalog is a catalog that copies from one place to another, as Load reads one.
func Catalog(source, target Place, o Options) (*manifest.Catalog, error) {
	from := source.Entry(sourceName, o.Access)
	from["readOnly"] = true
	wanted := o.Wanted
	if len(wanted) == 0 {
		wanted = []Wanted{{Name: "*"}}
	}
	entries := make([]any, 0, len(wanted))
	for _, w := range wanted {
		e := map[string]any{"from": map[string]any{"registry": sourceName, "name": literal(w.Name)}, "registries": targetName}
		if w.Versions != "" {
			e["only"] = map[string]any{"versions": literal(w.Versions)}
		}
		if o.Referrers {
			e["referrers"] = true
		}
		if o.Rewrite {
			e["rewrite"] = true
		}
		entries = append(entries, e)
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "packs/v1", "kind": "Catalog", "registries": []any{from, target.Entry(targetName, o.Access)}, "packs": entries,
	})
	if err != nil {
		return nil, err
	}
	c, err := manifest.Read(source.Text, text, manifest.LoadOptions{AllowOutside: true})
	if err != nil {
		return nil, plain(err)
	}
	rename(c, source, target)
	return c, nil
}

// rename gives the registries the names by which the user knows them, and takes
// away places in a file that nobody wrote.
func rename(c *manifest.Catalog, source, target Place) {
	from, to := source.Text, target.Text
	if from == to {
		from, to = sourceName, targetName
	}
	c.Remarks = nil
	for i := range c.Registries {
		r := &c.Registries[i]
		r.Position = manifest.Position{}
		if r.Name == sourceName {
			r.Name = from
		} else {
			r.Name = to
		}
	}
	for i := range c.From {
		f := &c.From[i]
		f.Position, f.Registry = manifest.Position{}, from
		for j := range f.Registries {
			f.Registries[j].Registry = to
		}
	}
}

// plain leaves out of mistakes where they are: the user wrote no file.
func plain(err error) error {
	var invalid *manifest.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	errs := make([]error, 0, len(invalid.Problems))
	for _, p := range invalid.Problems {
		text := p.Message
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		errs = append(errs, errors.New(text))
	}
	return errors.Join(errs...)
}

// Single is a catalog of one registry and no packs, as Load reads one.
func Single(p Place, a Access) (*manifest.Catalog, error) {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "packs/v1", "kind": "Catalog", "registries": []any{p.Entry(sourceName, a)}, "packs": []any{},
	})
	if err != nil {
		return nil, err
	}
	c, err := manifest.Read(p.Text, text, manifest.LoadOptions{AllowOutside: true})
	if err != nil {
		return nil, plain(err)
	}
	rename(c, p, p)
	return c, nil
}

// Field is a key of an entry of registries: with its value as YAML.
type Field struct{ Key, Value string }

// Fields is the entry for a place in a packs.yaml in dir, without its name.
func (p Place) Fields(dir string, a Access) []Field {
	entry := p.Entry("", a)
	if p.Path != "" {
		if rel, err := filepath.Rel(dir, p.Path); err == nil && filepath.IsLocal(rel) {
			entry["path"] = literal("./" + filepath.ToSlash(rel))
		}
	}
	var all []Field
	for _, key := range []string{"type", "host", "path", "account", "region", "repositoryPrefix", "plainHTTP", "tls"} {
		if value, ok := entry[key]; ok {
			text, err := json.Marshal(value) // JSON is YAML
			if err == nil {                  // texts only: cannot fail
				all = append(all, Field{key, string(text)})
			}
		}
	}
	return all
}
