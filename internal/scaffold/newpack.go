package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/Masterminds/semver/v3"

	"github.com/packs-cli/packs/internal/locate"
	"github.com/packs-cli/packs/internal/pack"
)

// The kinds of packs that NewPack writes.
const (
	KindChart     = "chart"     // a Helm chart
	KindManifests = "manifests" // Kubernetes manifests
)

// Layers are the layers that a pack can belong to.
var Layers = []string{"kernel", "os", "k8s", "cni", "csi", "addon"}

// PackOptions says what pack to write.
type PackOptions struct {
	Name        string
	Version     string
	DisplayName string // empty means made from the name
	Kind        string // KindChart or KindManifests
	Layer       string // one of Layers
	Parent      string // folder that gets the folder NAME-VERSION
}

// NewPack is a pack that was written.
type NewPack struct {
	Dir   string
	Files []string // relative to Dir, sorted
}

// InvalidError says that no pack can be made of what was asked for.
type InvalidError struct {
	Message, Hint string
}

func (e *InvalidError) Error() string { return e.Message }

// Write writes the folder of a new pack, in which the linter finds nothing: it
// runs an image that does nothing. A folder that exists is fs.ErrExist, and
// nothing is written then; what cannot be a pack is an *InvalidError.
func (o PackOptions) Write() (p *NewPack, err error) {
	if o.DisplayName == "" {
		o.DisplayName = titled(o.Name)
	}
	files, err := o.files()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.Parent, o.Name+"-"+o.Version)
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("%s: %w", dir, fs.ErrExist)
	}
	if locate.IsPack(o.Parent) {
		return nil, fmt.Errorf("%s: %w", o.Parent, ErrInsidePack)
	}
	if err := os.MkdirAll(o.Parent, 0o755); err != nil { //nolint:gosec // as git checks folders out
		return nil, err
	}
	tmp, err := os.MkdirTemp(o.Parent, ".packs-new-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	p = &NewPack{Dir: dir}
	for name, data := range files {
		full := filepath.Join(tmp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil { //nolint:gosec // see above
			return nil, err
		}
		if err := os.WriteFile(full, data, 0o644); err != nil { //nolint:gosec // see above
			return nil, err
		}
		p.Files = append(p.Files, name)
	}
	slices.Sort(p.Files)
	return p, errors.Join(os.Chmod(tmp, 0o755), os.Rename(tmp, dir)) //nolint:gosec // see above
}

// files returns the files of the pack by their paths.
func (o *PackOptions) files() (map[string][]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	about, err := o.packJSON()
	if err != nil {
		return nil, err
	}
	if _, err := pack.ParseMeta(pack.MetaFile, about); err != nil {
		return nil, invalidMeta(err)
	}
	logo, err := drawLogo()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		pack.MetaFile: about,
		"values.yaml": o.fill(valuesText),
		"README.md":   o.fill(readmeText),
		"logo.png":    logo,
	}
	if o.Kind == KindManifests {
		files[o.content()] = o.fill(manifestText)
		return files, nil
	}
	files[o.content()], err = chartArchive(o.part(), [][2]string{
		{"Chart.yaml", string(o.fill(chartText))},
		{"values.yaml", string(o.fill(chartValuesText))},
		{"templates/deployment.yaml", string(o.fill(manifestText))},
	})
	return files, err
}

func (o *PackOptions) check() error {
	switch {
	case o.Name == "":
		return &InvalidError{"the name is empty", "write it in lower case, as in cert-manager"}
	case o.Kind != KindChart && o.Kind != KindManifests:
		return &InvalidError{fmt.Sprintf("there is no kind %q", o.Kind), "it is chart or manifests"}
	case !slices.Contains(Layers, o.Layer):
		return &InvalidError{fmt.Sprintf("there is no layer %q", o.Layer), "it is one of " + strings.Join(Layers, ", ")}
	case strings.TrimSpace(o.DisplayName) == "" || strings.ContainsFunc(o.DisplayName, unicode.IsControl):
		return &InvalidError{fmt.Sprintf("%q is no name for people", o.DisplayName), "write it on one line, as in \"Cert Manager\""}
	case strings.Contains(o.Name, "--"):
		return &InvalidError{fmt.Sprintf("the name %q holds two dashes in a row", o.Name), "Palette's Terraform provider splits names there: write one"}
	}
	if _, err := semver.StrictNewVersion(o.Version); err != nil {
		return &InvalidError{fmt.Sprintf("the version %q is not of the form MAJOR.MINOR.PATCH", o.Version), "write it as in 1.2.0, without a v"}
	}
	return nil
}

// invalidMeta says what is wrong with a name or a version, without the place in
// a file that was never written.
func invalidMeta(err error) error {
	var meta *pack.MetaError
	if errors.As(err, &meta) {
		return &InvalidError{meta.Message, meta.Hint}
	}
	return err
}

// content is the path of the manifest or the chart.
func (o *PackOptions) content() string {
	if o.Kind == KindManifests {
		return path.Join("manifests", o.part()+".yaml")
	}
	return path.Join("charts", o.part()+"-"+o.Version+".tgz")
}

var notInLabel = regexp.MustCompile(`[^a-z0-9-]+`)

// part is the name of what the pack holds, and of its namespace: a name that
// Kubernetes takes.
func (o *PackOptions) part() string {
	name := strings.Trim(notInLabel.ReplaceAllString(o.Name, "-"), "-")
	return strings.TrimRight(name[:min(len(name), 50)], "-")
}

// titled makes a name for people: cert-manager becomes Cert Manager.
func titled(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}
