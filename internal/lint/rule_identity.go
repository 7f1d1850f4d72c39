package lint

import (
	"errors"
	"path"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/packs-cli/packs/internal/pack"
)

var identityRules = []Rule{
	{ID: "name-invalid", Severity: Error, Summary: "the name cannot be part of a repository's name", check: checkName},
	{ID: "name-double-dash", Severity: Warning, Summary: "the name holds two dashes in a row, which Terraform splits it at", check: checkDoubleDash},
	{ID: "version-invalid", Severity: Error, Summary: "the version cannot be a tag", check: checkVersion},
	{ID: "version-leading-v", Severity: Error, Summary: "the version begins with a v", check: checkLeadingV},
	{ID: "version-not-semver", Severity: Info, Summary: "the version is not of the form MAJOR.MINOR.PATCH", check: checkSemver},
	{ID: "folder-name", Severity: Info, Summary: "the folder is not called NAME-VERSION", check: checkFolderName},
}

// identity returns what publishing has to say of name and version.
func identity(p *pass) []*pack.MetaError {
	if p.json == nil {
		return nil
	}
	_, err := pack.ParseMeta(pack.MetaFile, p.json.data)
	return metaErrors(err)
}

// metaErrors takes joined errors apart.
func metaErrors(err error) []*pack.MetaError {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all := make([]*pack.MetaError, 0, len(many.Unwrap()))
		for _, e := range many.Unwrap() {
			all = append(all, metaErrors(e)...)
		}
		return all
	}
	var one *pack.MetaError
	if errors.As(err, &one) {
		return []*pack.MetaError{one}
	}
	return nil
}

// checkIdentity reports what makes a string of pack.json unfit for publishing.
// What is missing, empty or no string breaks the schema: that rule tells.
func checkIdentity(p *pass, key string) {
	v := p.meta().get(key)
	if v == nil || v.kind != jsonString || v.text == "" {
		return
	}
	at := p.metaAt(v)
	for _, e := range identity(p) {
		if e.Line == at.line && e.Column == at.column {
			p.report(at, e.Hint, e.Message)
		}
	}
}

func checkName(p *pass)    { checkIdentity(p, "name") }
func checkVersion(p *pass) { checkIdentity(p, "version") }

func checkDoubleDash(p *pass) {
	if v := p.meta().get("name"); v != nil && v.kind == jsonString && strings.Contains(v.text, "--") {
		p.reportf(p.metaAt(v), "write one dash", "the name %s holds --, where Palette's Terraform provider splits names", quote(v.text))
	}
}

func checkLeadingV(p *pass) {
	if v := p.meta().get("version"); v != nil && v.kind == jsonString && strings.HasPrefix(v.text, "v") {
		p.reportf(p.metaAt(v), "write "+quote(v.text[1:]), "the version %s begins with a v", quote(v.text))
	}
}

func checkSemver(p *pass) {
	v := p.meta().get("version")
	if v == nil || v.kind != jsonString || v.text == "" {
		return
	}
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(v.text, "v")); err != nil {
		p.reportf(p.metaAt(v), "write it as in 1.2.0, with pre-releases as in 1.2.0-rc.1", "the version %s is no semantic version, so ranges such as >=1.0.0 never match it", quote(v.text))
	}
}

func checkFolderName(p *pass) {
	m := p.meta()
	name, version := m.str("name"), m.str("version")
	if name == "" || version == "" {
		return
	}
	folder := path.Base(filepath.ToSlash(p.in.Path))
	if p.in.Archive {
		folder = strings.TrimSuffix(strings.TrimSuffix(folder, ".tar.gz"), ".tgz")
	}
	if folder != name+"-"+version && folder != "." && folder != ".." {
		p.reportf(p.metaKeyAt("name"), "rename the folder, if nothing refers to it", "the folder is called %s, and the pack %s-%s", quote(folder), name, version)
	}
}
