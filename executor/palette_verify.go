package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// PaletteVerify tells of every version of packs.yaml, in each chosen registry,
// whether Palette shows it, and with what is in the pack. It needs no more than
// the right to look at registries and packs.
func (e *Executor) PaletteVerify(ctx context.Context) (*PaletteVerification, error) {
	s := e.stations()
	defer s.Close()
	if len(s.all) == 0 {
		return nil, ErrNoPalette
	}
	wanted := e.newSurvey()
	if err := e.addCopies(ctx, wanted); err != nil {
		return nil, err
	}
	v := &PaletteVerification{APIVersion: plan.APIVersion, Kind: PaletteVerifyKind, Tool: e.opts.Tool, Source: e.opts.Source, Packs: []PaletteVersion{}}
	all := make([][]PaletteVersion, len(s.all))
	s.each(func(i int, st *station) {
		var packs []sought
		for k := range wanted.versions {
			if w := &wanted.versions[k]; wanted.targets[k] == st.target {
				packs = append(packs, sought{w.Name, w.Version, wanted.packs[k]})
			}
		}
		all[i] = e.verifyAt(ctx, st, packs)
	})
	for _, part := range all {
		v.Packs = append(v.Packs, part...)
	}
	v.Summary, v.Interrupted = countVersions(v.Packs), e.ended(ctx)
	return v, nil
}

// sought is a version that Palette shall show.
type sought struct {
	name, version string
	pack          *manifest.Pack // nil: it is copied from another registry, and not on disk
}

// looking is one registry whose packs are looked for in Palette.
type looking struct {
	*Executor
	*station
	entry  *palette.Entry
	status *palette.SyncStatus // nil: not known
	astray error               // why the registry's own address is not known
}

// verifyAt looks for packs of one registry in Palette.
func (e *Executor) verifyAt(ctx context.Context, st *station, packs []sought) []PaletteVersion {
	result := make([]PaletteVersion, len(packs))
	for i, p := range packs {
		result[i] = PaletteVersion{Registry: st.spec.Name, Name: p.name, Version: p.version}
	}
	l := &looking{Executor: e, station: st}
	err := e.interrupted(ctx)
	if err == nil {
		l.entry, err = st.registered(ctx)
	}
	if err != nil {
		for i := range result {
			result[i].unknown(err)
			if errors.Is(err, errUnregistered) {
				result[i].State = VersionMissing
			}
		}
		return result
	}
	l.status, err = st.client.SyncStatus(ctx, *l.entry)
	if err != nil {
		l.status = nil // it only helps to explain
	}
	l.astray = l.locate(ctx)
	l.all(ctx, packs, result)
	return result
}

func (v *PaletteVersion) unknown(err error) {
	v.State, v.Err, v.Reason, v.Hint = VersionUnknown, err, oneLine(err), hintOf(err)
}

// all asks once for each name, for all its versions.
func (l *looking) all(ctx context.Context, packs []sought, result []PaletteVersion) {
	byName := make(map[string][]int)
	var names []string
	for i, p := range packs {
		if byName[p.name] == nil {
			names = append(names, p.name)
		}
		byName[p.name] = append(byName[p.name], i)
	}
	g := new(errgroup.Group) // its functions report into result and return nil
	g.SetLimit(palettesAtOnce)
	for _, name := range names {
		g.Go(func() error {
			l.name(ctx, name, packs, result, byName[name])
			return nil
		})
	}
	_ = g.Wait()
}

func (l *looking) name(ctx context.Context, name string, packs []sought, result []PaletteVersion, at []int) {
	shown, err := (*palette.Pack)(nil), l.interrupted(ctx)
	if err == nil {
		shown, err = l.client.Pack(ctx, name, l.entry.UID)
	}
	for _, i := range at {
		switch {
		case err != nil:
			result[i].unknown(err)
		case shown.Tag(packs[i].version) == nil:
			l.missing(ctx, packs[i], &result[i])
		default:
			l.compare(ctx, packs[i], shown, &result[i])
		}
	}
}

// compare holds what Palette read of a version against the pack.
func (l *looking) compare(ctx context.Context, p sought, shown *palette.Pack, v *PaletteVersion) {
	tag := shown.Tag(p.version)
	v.State, v.PackUID = VersionVisible, l.client.Clean(tag.PackUID)
	if p.pack == nil {
		v.Reason = "what Palette read is not compared: it is copied from another registry"
		return
	}
	read := shown.Value(tag.PackUID)
	if read == nil && tag.PackUID != "" { // told of the newest version only
		one, err := l.client.PackByUID(ctx, tag.PackUID)
		if err != nil {
			v.unknown(err)
			return
		}
		read = one.Value(tag.PackUID)
	}
	if read == nil {
		v.Reason = "Palette does not tell its values"
		return
	}
	want, err := l.contentOf(ctx, p.pack)
	if err != nil {
		v.unknown(&PackError{Path: p.pack.Path, Err: err})
		return
	}
	if v.Differs = want.differences(read); len(v.Differs) == 0 {
		return
	}
	v.State = VersionDifferent
	v.Reason = "Palette shows other content than the pack has: " + strings.Join(v.Differs, ", ")
	v.Hint = "`packs verify` tells whether the registry holds what is in the pack; where it does, Palette has not read it since: `packs palette sync --wait`"
}

// missing says why a version may not be there.
func (l *looking) missing(ctx context.Context, p sought, v *PaletteVersion) {
	v.State = VersionMissing
	s := seen{err: l.astray}
	if s.err == nil {
		s = l.observe(ctx, l.station.target, l.spec.Repository(p.name), p.version)
	}
	ignored := ""
	if s.present && s.notPack == nil {
		ignored = s.info.Ignored(p.name, p.version)
	}
	switch {
	case s.err != nil:
		v.Reason, v.Hint = "Palette does not show it, and the registry could not be asked: "+oneLine(s.err), hintOf(s.err)
	case !s.present:
		v.Reason, v.Hint = "it is not in the registry", "`packs apply` publishes it"
	case s.notPack != nil:
		v.Reason, v.Hint = "what is in the registry is no pack: "+oneLine(s.notPack), "`packs plan` shows it as a conflict"
	case ignored != "":
		v.Reason, v.Hint = "what is in the registry "+ignored, "`packs apply --repair-shape` publishes it as Palette wants it"
	default:
		l.unread(ctx, v)
	}
}

// unread is for a version that is in the registry as Palette wants it.
func (l *looking) unread(ctx context.Context, v *PaletteVersion) {
	const there = "it is in the registry in the right shape, but "
	s := l.status
	if w, have := l.registration(ctx); w != nil {
		for _, d := range w.Differences(have) {
			if d.Setting == "endpoint" || d.Setting == "basePath" || d.Setting == "baseContentPath" {
				v.Reason = fmt.Sprintf("%sPalette reads elsewhere: %s is %q, not %q", there, d.Setting, l.client.Clean(d.Have), d.Want)
				v.Hint = "`packs palette register` tells Palette where packs are"
				return
			}
		}
	}
	switch {
	case s == nil:
		v.Reason, v.Hint = there+"Palette does not show it", "`packs palette sync --wait`"
	case s.Idle():
		v.Reason, v.Hint = there+"Palette has never read the registry", "`packs palette sync --wait`"
	case s.State() == palette.Running:
		v.Reason, v.Hint = there+"a sync is still in progress", "`packs palette sync --wait`"
	case s.State() == palette.Failed:
		v.Reason, v.Hint = there+"the last sync failed: Palette responded: "+s.Message, l.causes(s.Message)
	default:
		v.Reason = there + "Palette did not see it when it read the registry last" + atTime(s)
		v.Hint = "published after that? `packs palette sync --wait`. Otherwise " + l.causes("")
	}
}

func atTime(s *palette.SyncStatus) string {
	if s.LastSyncedTime.IsZero() {
		return ""
	}
	return ", at " + moment(s.LastSyncedTime)
}

// registration is what Palette was told of the registry; nil where this key may
// not see that.
func (l *looking) registration(ctx context.Context) (*palette.Wanted, *palette.Registration) {
	have, kind, err := l.client.Get(ctx, *l.entry)
	if err != nil {
		return nil, nil
	}
	w, err := palette.Want(l.spec)
	if err != nil || w.Kind != kind {
		return nil, nil
	}
	return w, have
}
