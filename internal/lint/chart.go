package lint

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"go.yaml.in/yaml/v3"
)

// Limits of a chart archive. The largest of the public catalog unpacks to some
// MiB.
const (
	maxChartBytes   = 256 << 20 // unpacked
	maxChartEntries = 50_000
	maxChartYAML    = 1 << 20
	maxChartValues  = 2 << 20
)

// chart is a Helm chart archive that pack.json lists, as far as rules look at it.
type chart struct {
	path    string     // relative to the pack
	listed  *jsonValue // its entry in pack.json
	name    string     // from Chart.yaml
	version string     // from Chart.yaml
	values  *yaml.Node // of the chart's own values.yaml; nil where it has none or an empty one
	parts   []string   // names that its subcharts get their values by
	flaw    *flaw      // why the archive cannot be used: all above but path and listed is empty
	missing bool       // it is no file; flaw is nil
}

// chartFiles is what is read from a chart archive.
type chartFiles struct {
	chart, values []byte
	root          string // where Chart.yaml was met without a folder around it
	parts         map[string]bool
	entries       int
}

// readChart reads a chart archive to its end: what is cut off or damaged is no chart.
func readChart(r io.Reader) (*chartFiles, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("is no gzip file: %w", err)
	}
	limited := &io.LimitedReader{R: z, N: maxChartBytes}
	t := tar.NewReader(limited)
	files := &chartFiles{}
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			// What stands behind the end mark has a checksum too.
			if _, err = io.Copy(io.Discard, limited); err == nil {
				err = z.Close()
			}
			if err != nil {
				return nil, fmt.Errorf("is damaged: %w", err)
			}
			return files, nil
		case limited.N <= 0:
			return nil, fmt.Errorf("unpacks to more than %d MiB", maxChartBytes>>20)
		case err != nil:
			return nil, fmt.Errorf("is damaged: %w", err)
		}
		if files.entries++; files.entries > maxChartEntries {
			return nil, fmt.Errorf("holds more than %d files", maxChartEntries)
		}
		if err := files.keep(h, t); err != nil {
			return nil, err
		}
	}
}

// keep reads one entry where it is Chart.yaml or values.yaml of the chart. As
// Helm does, it takes whatever the first folder is called.
func (c *chartFiles) keep(h *tar.Header, r io.Reader) error {
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	name := strings.ReplaceAll(h.Name, `\`, "/")
	if path.IsAbs(name) || strings.HasPrefix(path.Clean(name), "../") {
		return fmt.Errorf("holds a file outside of the chart: %s", quote(h.Name))
	}
	_, inner, inFolder := strings.Cut(name, "/")
	switch {
	case name == "Chart.yaml":
		c.root = name
	case inFolder && strings.HasPrefix(inner, "charts/"):
		c.part(inner)
	case inFolder && inner == "Chart.yaml":
		return readEntry(&c.chart, h, r, maxChartYAML)
	case inFolder && inner == "values.yaml":
		return readEntry(&c.values, h, r, maxChartValues)
	}
	return nil
}

const maxParts = 1000

// part notes the name of an unpacked subchart.
func (c *chartFiles) part(inner string) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(inner, "charts/"), "/")
	if rest == "Chart.yaml" && len(c.parts) < maxParts {
		if c.parts == nil {
			c.parts = make(map[string]bool)
		}
		c.parts[name] = true
	}
}

func readEntry(to *[]byte, h *tar.Header, r io.Reader, most int64) error {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return fmt.Errorf("is damaged: %s: %w", quote(h.Name), err)
	}
	if int64(len(data)) > most {
		return fmt.Errorf("holds a %s of more than %d MiB", quote(h.Name), most>>20)
	}
	*to = data
	return nil
}

// parseChart turns what was read from an archive into a chart.
func (c *chart) parse(files *chartFiles, mem *memory) {
	switch {
	case files.chart == nil && files.root != "":
		c.flaw = &flaw{message: "holds Chart.yaml outside of any folder", hint: "`helm package` makes an archive that Helm can read"}
		return
	case files.chart == nil:
		c.flaw = &flaw{message: "holds no Chart.yaml", hint: "`helm package` makes an archive that Helm can read"}
		return
	}
	about := parseYAML("Chart.yaml", files.chart, mem)
	if about.flaw != nil {
		c.flaw = &flaw{message: fmt.Sprintf("its Chart.yaml %s (line %d)", about.flaw.message, about.flaw.line)}
		return
	}
	for k, to := range map[string]*string{"name": &c.name, "version": &c.version} {
		if n := get(about.root, k); n != nil && n.Kind == yaml.ScalarNode {
			*to = strings.TrimSpace(n.Value)
		}
	}
	if c.name == "" || c.version == "" {
		c.flaw = &flaw{message: "its Chart.yaml lacks name or version"}
		return
	}
	c.parts = subcharts(files, about.root)
	if len(bytes.TrimSpace(files.values)) == 0 {
		return
	}
	values := parseYAML(valuesFile, files.values, mem)
	switch {
	case values.flaw == nil:
		c.values = values.root
	case !values.flaw.unchecked:
		c.flaw = &flaw{message: fmt.Sprintf("its values.yaml %s (line %d)", values.flaw.message, values.flaw.line)}
	}
}

// subcharts returns the names by which a chart hands values to its subcharts,
// and to all of them at once (global), sorted.
func subcharts(files *chartFiles, about *yaml.Node) []string {
	names := []string{"global"}
	for name := range files.parts {
		names = append(names, name)
	}
	if list := get(about, "dependencies"); list != nil && list.Kind == yaml.SequenceNode {
		for _, d := range list.Content[:min(len(list.Content), maxParts)] {
			for _, k := range []string{"name", "alias"} {
				if n := get(d, k); n != nil && n.Kind == yaml.ScalarNode {
					names = append(names, n.Value)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
