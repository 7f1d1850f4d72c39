package main

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/manifest"
)

// tell adds what the linter found, and what packs.yaml has against packs and the
// linter did not say.
func (v *validation) tell(found []lint.Finding) {
	for _, p := range v.problems {
		if !v.told(p, found) {
			f := catalogFinding(p, lint.Error)
			switch {
			case errors.Is(p.Err, manifest.ErrDuplicatePack):
				f.Rule = "duplicate-pack"
			case p.File == v.options.file:
				v.codes = append(v.codes, exitInput) // an entry that no pack can satisfy
			default:
				f.Rule = "pack-unreadable"
				f.Pack, f.Name, f.Version = v.packOf(f.Path)
			}
			v.findings = append(v.findings, f)
		}
	}
	v.findings = append(v.findings, found...)
}

// packOf returns the checked pack that a file lies in, with the name and version
// of its pack.json where that is right.
func (v *validation) packOf(file string) (pack, name, version string) {
	for i := range v.subjects {
		if s := &v.subjects[i]; file == s.Path || strings.HasPrefix(file, s.Path+"/") {
			return s.Path, s.name, s.version
		}
	}
	return "", "", ""
}

// told tells whether the linter found a problem, too. A duplicate and a folder
// without pack.json are problems of entries in packs.yaml, but findings of packs.
func (v *validation) told(p manifest.Problem, found []lint.Finding) bool {
	file := filepath.ToSlash(p.File)
	return slices.ContainsFunc(found, func(f lint.Finding) bool {
		switch {
		case f.Severity != lint.Error:
			return false
		case errors.Is(p.Err, manifest.ErrDuplicatePack):
			return f.Rule == "duplicate-pack" && strings.HasPrefix(p.Message, f.Name+":"+f.Version+" is there twice")
		case p.File == v.options.file:
			return f.Rule == "pack-json-missing" && strings.HasPrefix(p.Message, v.relative(f.Pack)+" holds no")
		}
		return sameFile(&f, file) && samePlace(&f, p)
	})
}

// samePlace tells whether a finding and a problem of one file are the same
// mistake. What has no place of its own is found by a rule about what publishing
// needs; text that is no JSON at all is wrong once, wherever a reader gives up.
func samePlace(f *lint.Finding, p manifest.Problem) bool {
	switch {
	case f.Rule == "pack-json-syntax":
		return true
	case p.Line == 0:
		return f.Rule == "pack-json-schema" || slices.Contains(publishing, f.Rule)
	}
	return f.Line == p.Line && f.Column == p.Column
}

// sameFile tells whether a finding is about a file. In archives packs.yaml names
// the top folder, too, and the linter does not.
func sameFile(f *lint.Finding, file string) bool {
	return f.Path == file || f.Pack != "" && strings.HasPrefix(file, f.Pack+"/") && path.Base(f.Path) == path.Base(file)
}

// relative returns the path of a checked pack as packs.yaml sees it.
func (v *validation) relative(path string) string {
	for i := range v.subjects {
		if v.subjects[i].Path == path {
			return v.subjects[i].Rel
		}
	}
	return path
}
