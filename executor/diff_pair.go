package executor

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// pair is two packs that are compared: most often one version in two places.
type pair struct {
	name    string
	oldName string // "" where it is the same
	old     side
	new     side
	item    DiffItem
}

// side is one of them: in a registry, or on disk.
type side struct {
	target  *target        // nil for a pack on disk
	pack    *manifest.Pack // nil for a published one
	version string

	there   bool
	info    artifact.Info // of a published one
	content string        // as far as it is known without reading it
	files   []pack.File
}

// cutVersion takes NAME@VERSION apart.
func cutVersion(text string) (name, v string, ok bool) {
	name, v, ok = strings.Cut(text, "@")
	return name, v, ok && name != "" && v != ""
}

// comparePair finds out whether two packs are the same, and which files differ.
func (e *Executor) comparePair(ctx context.Context, p *pair) {
	p.item = DiffItem{Name: p.name, Old: p.old.describe(cmp.Or(p.oldName, p.name)), New: p.new.describe(p.name)}
	for _, s := range []struct {
		name  string
		side  *side
		shown *DiffSide
	}{{cmp.Or(p.oldName, p.name), &p.old, &p.item.Old}, {p.name, &p.new, &p.item.New}} {
		if err := e.peek(ctx, s.name, s.side); err != nil {
			p.fail(err)
			return
		}
		s.shown.Digest, s.shown.ContentDigest = s.side.info.Manifest.Digest.String(), s.side.content
	}
	switch {
	case !p.old.there && !p.new.there:
		p.item.Status = ""
		return
	case !p.old.there:
		p.item.Status = DiffOnlyNew
		return
	case !p.new.there:
		p.item.Status = DiffOnlyOld
		return
	case p.same():
		p.item.Status = DiffEqual
		return
	}
	e.compareContents(ctx, p)
}

// same tells whether two packs are known to be the same without reading them.
func (p *pair) same() bool {
	return p.old.info.Layer.Digest != "" && p.old.info.Layer.Digest == p.new.info.Layer.Digest ||
		p.old.content != "" && p.old.content == p.new.content
}

// compareContents reads both packs.
func (e *Executor) compareContents(ctx context.Context, p *pair) {
	for _, s := range []struct {
		name  string
		side  *side
		shown *DiffSide
	}{{cmp.Or(p.oldName, p.name), &p.old, &p.item.Old}, {p.name, &p.new, &p.item.New}} {
		inv, err := e.contentsOf(ctx, s.name, s.side)
		if err != nil {
			p.fail(err)
			return
		}
		s.side.files, s.shown.ContentDigest = inv.Files, inv.Digest
	}
	if p.item.Files = compareFiles(p.old.files, p.new.files); len(p.item.Files) > 0 {
		p.item.Status = DiffDifferent
		return
	}
	p.item.Status, p.old.files, p.new.files = DiffEqual, nil, nil
}

func (p *pair) fail(err error) {
	p.item.Status, p.item.Err, p.item.Problem = DiffUnknown, err, err.Error()
	var re *registry.Error
	if errors.As(err, &re) {
		p.item.Hint = re.Hint
	}
}

func (s *side) describe(name string) DiffSide {
	if s.target == nil {
		return DiffSide{Version: s.version, Path: s.pack.Path}
	}
	return DiffSide{Registry: s.target.spec.Name, Version: s.version, Reference: s.target.spec.Reference(name, s.version)}
}

// peek looks whether a pack is there, and what can be known of its content for little.
func (e *Executor) peek(ctx context.Context, name string, s *side) error {
	if s.target == nil {
		h, err := e.hashOne(ctx, s.pack, false)
		s.there, s.content = true, h.digest
		return err
	}
	info, err := fetchInfo(ctx, s.target, s.target.spec.Repository(name), s.version)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	s.there, s.info = true, info
	if remembered, known := e.layers.Get(info.Layer.Digest); known {
		s.content = remembered
	} else if pack.KnownDigest(info.ContentDigest) {
		s.content = info.ContentDigest
	}
	return nil
}

func (e *Executor) contentsOf(ctx context.Context, name string, s *side) (*pack.Inventory, error) {
	if s.target != nil {
		return e.readLayer(ctx, s.target, s.target.spec.Repository(name), s.info.Layer)
	}
	inv, err := pack.Read(ctx, s.pack.Dir, pack.Options{})
	if err != nil {
		return nil, &PackError{Path: s.pack.Path, Err: err}
	}
	return inv, nil
}

// compareLines compares the texts among the files that differ, line by line.
func (e *Executor) compareLines(ctx context.Context, p *pair, most int) {
	files := p.item.Files
	choose(files)
	old, err := e.textsOf(ctx, cmp.Or(p.oldName, p.name), &p.old, wantedTexts(files, func(d *FileDiff) *FileState { return d.Old }))
	if err != nil {
		p.fail(err)
		return
	}
	now, err := e.textsOf(ctx, p.name, &p.new, wantedTexts(files, func(d *FileDiff) *FileState { return d.New }))
	if err != nil {
		p.fail(err)
		return
	}
	left := most
	for i := range files {
		files[i].describe(old, now, left)
		left = max(left-len(files[i].Diff), 0)
	}
	p.old.files, p.new.files = nil, nil
}

// textsOf reads the texts that are wanted of a pack.
func (e *Executor) textsOf(ctx context.Context, name string, s *side, texts digests) (kept pack.Contents, err error) {
	switch {
	case len(texts) == 0:
		return pack.Contents{}, nil
	case s.target == nil && s.pack.Archive:
		return pack.FileContents(ctx, s.pack.Dir, texts, maxText)
	case s.target == nil:
		return pack.FolderContents(ctx, s.pack.Dir, s.files, texts, maxText)
	}
	rc, err := s.target.Blob(ctx, s.target.spec.Repository(name), s.info.Layer)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	return pack.ReadContents(ctx, rc, pack.Limits{}, texts, maxText)
}
