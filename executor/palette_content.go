package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/manifest"
)

// content is what Palette reads out of a pack.
type content struct {
	values, readme  string
	presets, params []string // their names, sorted
}

// maxContent bounds each file of a pack that is compared, in bytes.
const maxContent = 8 << 20

// contentOf reads the files of a pack that Palette shows.
func (e *Executor) contentOf(ctx context.Context, p *manifest.Pack) (c *content, err error) {
	dir := p.Dir
	if p.Archive {
		if dir, err = os.MkdirTemp(e.opts.TempDir, "packs-palette-"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := unpack(ctx, p.Dir, dir); err != nil {
			return nil, err
		}
	}
	c = &content{}
	var presets, schema string
	for name, to := range map[string]*string{"values.yaml": &c.values, "README.md": &c.readme, "presets.yaml": &presets, "schema.yaml": &schema} {
		if *to, err = readIn(dir, name); err != nil {
			return nil, err
		}
	}
	c.presets, c.params = presetNames(presets), paramNames(schema)
	return c, nil
}

func unpack(ctx context.Context, archive, dir string) (err error) {
	f, err := os.Open(archive) // #nosec G304 -- packs.yaml names it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = pack.Extract(ctx, f, dir, pack.Limits{})
	return err
}

// readIn reads a file below a folder; one that is not there is empty.
func readIn(dir, name string) (text string, err error) {
	f, err := os.OpenInRoot(dir, filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, maxContent+1))
	if err == nil && len(b) > maxContent {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxContent)
	}
	return string(b), err
}

func presetNames(text string) []string {
	var file struct {
		Presets []struct {
			Name string `yaml:"name"`
		} `yaml:"presets"`
	}
	if yaml.Unmarshal([]byte(text), &file) != nil {
		return nil // a finding of validate
	}
	var names []string
	for _, p := range file.Presets {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

func paramNames(text string) []string {
	var file map[string]any
	if yaml.Unmarshal([]byte(text), &file) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(file))
}

// differences names what Palette read otherwise. What it does not tell at all
// is none, but for values: a pack with some that shows none is broken.
func (c *content) differences(read *palette.Value) []string {
	var names []string
	if !sameYAML(read.Values, c.values) {
		names = append(names, "values")
	}
	if read.Readme != "" && plainText(read.Readme) != plainText(c.readme) {
		names = append(names, "readme")
	}
	var presets, params []string
	for _, p := range read.Presets {
		if p != nil {
			presets = append(presets, p.Name)
		}
	}
	for _, p := range read.Schema {
		if p != nil {
			params = append(params, p.Name)
		}
	}
	slices.Sort(presets)
	slices.Sort(params)
	if presets != nil && !slices.Equal(presets, c.presets) {
		names = append(names, "presets")
	}
	if params != nil && !slices.Equal(params, c.params) {
		names = append(names, "schema")
	}
	return names
}

// sameYAML tells whether two texts hold the same values, however written.
func sameYAML(a, b string) bool {
	if plainText(a) == plainText(b) {
		return true
	}
	return meaningOf(a) != nil && reflect.DeepEqual(meaningOf(a), meaningOf(b))
}

// meaningOf returns nil for what is no YAML, or says nothing.
func meaningOf(text string) any {
	var all []any
	for d := yaml.NewDecoder(bytes.NewReader([]byte(text))); ; {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil
		}
		all = append(all, v)
	}
	if all == nil {
		return nil
	}
	return all
}

// plainText is a text without line ends of another system and at its end.
func plainText(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}
