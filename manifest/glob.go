package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// packFile is what makes a folder a pack.
const packFile = "pack.json"

// maxVisits bounds what the globs of a catalog look at, so that many entries
// with ** in a large tree end: 10,000 packs in 100 entries fit.
const maxVisits = 2_000_000

// found is a folder or archive that a glob matches.
type found struct {
	path    string // relative to the catalog's folder, with slashes; absolute for an absolute pattern outside of it
	real    string // absolute, links resolved
	archive bool
}

// globber walks once over the folders that a pattern may match. It knows at
// each folder which parts of the pattern may come next, so that no folder is
// looked at twice whatever the pattern.
type globber struct {
	tree  tree
	parts []string // of the pattern, between slashes
	star  int      // place of the first **; len(parts) where there is none

	visits   *int // of all globs together; maxVisits ends them
	exclude  []string
	excluded []bool // whether each of exclude took something away

	found    []found
	bare     []string // folders without pack.json, matched by a pattern without **
	outside  []string // that lie outside the work tree
	failed   []failure
	files    []string // matched files that are no archives
	archives []string // archives that only a ** at the end matches
	missing  *missing // the first part that names nothing
}

// failure is a folder that cannot be read.
type failure struct {
	path string
	err  error
}

// missing is a part of a pattern that names nothing in a folder.
type missing struct {
	in   folder
	name string
}

// folder is a place of the walk.
type folder struct{ path, real string }

func (f folder) child(name string) folder {
	return folder{path: path.Join(f.path, name), real: filepath.Join(f.real, name)}
}

// newGlobber takes a pattern that globFault found right.
func newGlobber(t tree, pattern string, exclude []string, visits *int) (*globber, folder) {
	g := &globber{tree: t, visits: visits, exclude: exclude, excluded: make([]bool, len(exclude))}
	at := folder{path: ".", real: t.dir}
	pattern = path.Clean(pattern)
	if inside, ok := strings.CutPrefix(pattern, filepath.ToSlash(t.dir)+"/"); ok {
		pattern = inside
	}
	if volume := filepath.VolumeName(filepath.FromSlash(pattern)); volume != "" || path.IsAbs(pattern) {
		root := volume + "/"
		at = folder{path: root, real: filepath.FromSlash(root)}
		pattern = strings.TrimPrefix(strings.TrimPrefix(pattern, filepath.ToSlash(volume)), "/")
	}
	for pattern == ".." || strings.HasPrefix(pattern, "../") {
		at = folder{path: path.Join(at.path, ".."), real: filepath.Dir(at.real)}
		pattern = strings.TrimPrefix(strings.TrimPrefix(pattern, ".."), "/")
	}
	if pattern != "" && pattern != "." {
		g.parts = slices.CompactFunc(strings.Split(pattern, "/"), func(a, b string) bool { return a == "**" && b == "**" })
	}
	g.star = len(g.parts)
	if i := slices.Index(g.parts, "**"); i >= 0 {
		g.star = i
	}
	return g, at
}

// globFault says why a pattern cannot be used, or "".
func globFault(pattern string) string {
	if !doublestar.ValidatePattern(pattern) {
		return "a [ or { is not closed, or a \\ stands at the end"
	}
	depth := 0
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.Contains(part, "**") && part != "**" {
			return "** stands alone between slashes, as in packs/**"
		}
		if depth += strings.Count(part, "{") - strings.Count(part, "}"); depth != 0 {
			return "a slash cannot stand between { and }: write one entry for each"
		}
	}
	return ""
}

// run walks from a folder.
func (g *globber) run(at folder) {
	if g.excludes(at.path) {
		return
	}
	g.folder(at, g.closure([]int{0}))
}

// closure adds the states that a ** which matches nothing leads to. A state is
// the number of parts that are matched.
func (g *globber) closure(states []int) []int {
	for i := 0; i < len(states); i++ {
		if s := states[i]; s < len(g.parts) && g.parts[s] == "**" && !slices.Contains(states, s+1) {
			states = append(states, s+1)
		}
	}
	slices.Sort(states)
	return states
}

// next returns the states behind a name, nil where nothing can match below it.
func (g *globber) next(states []int, name string) []int {
	var next []int
	for _, s := range states {
		switch {
		case s == len(g.parts):
		case g.parts[s] == "**":
			next = append(next, s)
		case g.parts[s] == name || doublestar.MatchUnvalidated(g.parts[s], name):
			next = append(next, s+1)
		}
	}
	slices.Sort(next)
	return g.closure(slices.Compact(next))
}

func (g *globber) accepts(states []int) bool {
	return len(states) > 0 && states[len(states)-1] == len(g.parts)
}

// folder looks at a folder. Behind a **, a pack ends the way: nothing below it
// is looked at.
func (g *globber) folder(at folder, states []int) {
	starred := states[0] >= g.star && g.star < len(g.parts)
	accepted := g.accepts(states)
	literal := len(states) == 1 && !accepted && !isGlob(g.parts[states[0]])
	if !literal && !g.tree.holds(at.real) {
		g.outside = append(g.outside, at.path)
		return
	}
	if starred || accepted {
		_, err := os.Lstat(filepath.Join(at.real, packFile))
		switch {
		case err == nil && accepted:
			g.found = append(g.found, found{path: at.path, real: at.real})
			return
		case err == nil && starred:
			return
		case err != nil && !starred:
			g.withoutPack(at)
			return
		}
	}
	if literal {
		g.step(at, states)
		return
	}
	g.entries(at, states, starred)
}

// withoutPack notes a folder that is no pack although the pattern names it.
// Hidden folders are an exception, as a shell's * passes them over.
func (g *globber) withoutPack(at folder) {
	byGlob := len(g.parts) > 0 && isGlob(g.parts[len(g.parts)-1])
	if byGlob && strings.HasPrefix(path.Base(at.path), ".") {
		return
	}
	g.bare = append(g.bare, at.path)
}

// step goes to the one name that can follow, without reading the folder.
func (g *globber) step(at folder, states []int) {
	name := g.parts[states[0]]
	info, err := os.Lstat(filepath.Join(at.real, name))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && name == ".git":
		if g.missing == nil {
			g.missing = &missing{in: at, name: name}
		}
	case err != nil:
		g.failed = append(g.failed, failure{path: path.Join(at.path, name), err: err})
	default:
		g.entry(at, name, info.Mode().Type(), g.next(states, name), false)
	}
}

func (g *globber) entries(at folder, states []int, starred bool) {
	entries, err := os.ReadDir(at.real)
	if err != nil {
		g.failed = append(g.failed, failure{path: at.path, err: err})
		return
	}
	for _, e := range entries {
		if next := g.next(states, e.Name()); next != nil {
			g.entry(at, e.Name(), e.Type(), next, starred)
		}
	}
}

// entry looks at something in a folder that the pattern matches so far.
func (g *globber) entry(in folder, name string, mode fs.FileMode, states []int, starred bool) {
	at := in.child(name)
	if *g.visits++; *g.visits > maxVisits || name == ".git" || g.excludes(at.path) {
		return
	}
	if mode&fs.ModeSymlink != 0 {
		info, err := os.Stat(at.real)
		if err != nil || starred && info.IsDir() {
			return // a ** does not follow links to folders: they may lead in circles
		}
		if at.real, err = filepath.EvalSymlinks(at.real); err != nil {
			return
		}
		mode = info.Mode().Type()
	}
	if mode.IsDir() {
		g.folder(at, states)
	} else if g.accepts(states) {
		g.file(at, mode)
	}
}

func (g *globber) file(at folder, mode fs.FileMode) {
	switch {
	case !mode.IsRegular() || !isArchive(at.path):
		g.files = append(g.files, at.path)
	case g.parts[len(g.parts)-1] == "**":
		g.archives = append(g.archives, at.path)
	case !g.tree.holds(at.real):
		g.outside = append(g.outside, at.path)
	default:
		g.found = append(g.found, found{path: at.path, real: at.real, archive: true})
	}
}

func isArchive(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

// excludes tells whether a pattern of exclude matches a path. What lies below
// a folder that is excluded is never come to.
func (g *globber) excludes(path string) bool {
	out := false
	for i, pattern := range g.exclude {
		if doublestar.MatchUnvalidated(pattern, path) {
			g.excluded[i], out = true, true
		}
	}
	return out
}
