package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/packs-cli/packs/internal/changed"
	"github.com/packs-cli/packs/internal/lint"
)

// narrow keeps the packs that differ from the merge base with --changed-since,
// and hands the linter what git knows of them.
func (v *validation) narrow(ctx context.Context) error {
	c := changed.Catalog{Packs: make([]changed.Pack, len(v.subjects))}
	dir := "."
	if v.read != nil {
		c.File, c.Files, dir = v.read.File, v.read.Files, v.read.Dir
	}
	for i := range v.subjects {
		s := &v.subjects[i]
		c.Packs[i] = changed.Pack{Dir: s.Dir, Name: s.name, Version: s.version, Archive: s.Archive}
	}
	diff, err := changed.Since(ctx, dir, v.options.since)
	if err != nil {
		return sinceError(err)
	}
	selection, err := diff.Select(ctx, c)
	if err != nil {
		return sinceError(err)
	}
	history, err := diff.History(ctx, c.Packs)
	if err != nil {
		return sinceError(err)
	}
	since := &lint.Since{Ref: v.options.since, Versions: history.Versions, Changed: make(map[string][]string)}
	for i, files := range history.Changed {
		since.Changed[v.subjects[i].Path] = files
	}
	v.config.Since = since
	v.sayNarrowed(selection)
	v.keep(selection.Packs)
	return nil
}

// keep leaves only some subjects; the others are what they are compared with.
func (v *validation) keep(places []int) {
	kept := make(map[int]bool, len(places))
	for _, i := range places {
		kept[i] = true
	}
	var subjects []subject
	for i := range v.subjects {
		if kept[i] {
			subjects = append(subjects, v.subjects[i])
		} else {
			v.config.Others = append(v.config.Others, v.subjects[i].Input)
			v.config.Partial = true
		}
	}
	v.subjects = subjects
}

// sayNarrowed tells on stderr what is checked, and what is left out.
func (v *validation) sayNarrowed(s changed.Selection) {
	if v.mended > 0 {
		return // it was said
	}
	if s.Because != "" {
		v.notice("%s changed since %s: every pack is checked", s.Because, v.options.since)
	} else {
		v.notice("%d of %d packs changed since %s", len(s.Packs), len(v.subjects), v.options.since)
	}
	for _, d := range s.Deleted {
		what := d.Path
		if d.Name != "" {
			what = fmt.Sprintf("%s %s (%s)", d.Name, d.Version, d.Path)
		}
		if now := v.folderOf(d.Name, d.Version); now != "" {
			v.notice("moved: %s is now in %s", what, now)
			continue
		}
		v.notice("deleted: %s; what is published of it stays until retired: names it", what)
	}
	if v.read != nil && len(v.read.From) > 0 {
		v.notice("from: entries are left out: git does not hold their packs")
	}
}

// folderOf returns the folder of the pack that has a name and version, or "".
func (v *validation) folderOf(name, version string) string {
	i := slices.IndexFunc(v.subjects, func(s subject) bool { return name != "" && s.name == name && s.version == version })
	if i < 0 {
		return ""
	}
	return v.subjects[i].Path
}

// sinceError says what to do about a commit that cannot be compared with.
func sinceError(err error) error {
	var e *changed.Error
	if !errors.As(err, &e) {
		return err
	}
	return &usageError{message: "--changed-since " + e.Ref + ": " + e.Err.Error(), hint: e.Hint}
}
