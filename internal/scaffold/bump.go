package scaffold

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/packs-cli/packs/internal/locate"
	"github.com/packs-cli/packs/internal/pack"
)

// Bump is a pack that gets another version.
type Bump struct {
	From, To string // folders; one, where the folder stays
	Name     string
	Old, New string // versions
	Rename   bool   // the old folder goes away
	Edits    []FileEdit
	Mentions []Mention // of the old version, which are left to the user
}

// FileEdit is how a text file of the pack changes.
type FileEdit struct {
	Path          string // relative to the pack
	Before, After []byte
}

// Mention is a file that says the old version, too.
type Mention struct {
	Path  string // relative to the pack
	Lines []int
}

// Files that are read for the version.
const (
	readmeFile = "README.md"
	valuesFile = "values.yaml"
	maxRead    = 4 << 20
)

// PlanBump finds out what a new version of the pack in a folder means: its
// pack.json, its README.md and its folder's name say it. Without a version it
// is the next patch. Nothing is written.
func PlanBump(dir, version string, rename bool) (*Bump, error) {
	about, err := readText(dir, pack.MetaFile)
	if err != nil {
		return nil, err
	}
	meta, err := pack.ParseMeta(filepath.Join(dir, pack.MetaFile), about)
	if err != nil {
		return nil, err
	}
	b := &Bump{From: dir, Name: meta.Name, Old: meta.Version, New: version, Rename: rename}
	if b.New == "" {
		if b.New, err = nextPatch(b.Old); err != nil {
			return nil, err
		}
	}
	edited, err := b.editMeta(about)
	if err != nil {
		return nil, err
	}
	b.Edits = append(b.Edits, FileEdit{pack.MetaFile, about, edited})
	b.To = b.target()
	if b.To != b.From {
		if _, err := os.Lstat(b.To); err == nil {
			return nil, fmt.Errorf("%s: %w", b.To, fs.ErrExist)
		}
	}
	return b, b.texts()
}

// nextPatch returns the version after one.
func nextPatch(version string) (string, error) {
	v, err := semver.StrictNewVersion(version)
	if err != nil || v.Prerelease() != "" {
		return "", &InvalidError{fmt.Sprintf("what comes after version %q is not clear", version), "name it: --to VERSION"}
	}
	next := v.IncPatch()
	return next.String(), nil
}

// editMeta returns pack.json with the new version, and checks that it can be one.
func (b *Bump) editMeta(about []byte) ([]byte, error) {
	switch {
	case b.New == b.Old:
		return nil, &InvalidError{"the pack has version " + b.Old + " already", "name another one: --to VERSION"}
	case strings.HasPrefix(b.New, "v"):
		return nil, &InvalidError{fmt.Sprintf("the version %q begins with a v", b.New), fmt.Sprintf("write %q", b.New[1:])}
	}
	start, end, err := versionPlace(about)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pack.MetaFile, err)
	}
	quoted, err := json.Marshal(b.New)
	if err != nil {
		return nil, err
	}
	edited := slices.Concat(about[:start], quoted, about[end:])
	if _, err := pack.ParseMeta(pack.MetaFile, edited); err != nil {
		return nil, invalidMeta(err)
	}
	return edited, nil
}

// versionPlace returns where the version's value stands in a pack.json that was
// read as one before.
func versionPlace(about []byte) (start, end int, err error) {
	mark := len(about) - len(bytes.TrimPrefix(about, []byte("\xef\xbb\xbf")))
	d := json.NewDecoder(bytes.NewReader(about[mark:]))
	if _, err := d.Token(); err != nil { // the brace
		return 0, 0, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return 0, 0, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return 0, 0, err
		}
		if key == "version" {
			end := mark + int(d.InputOffset())
			return end - len(value), end, nil
		}
	}
	return 0, 0, errors.New("holds no version")
}

// target is the folder of the new version: the old one's name with the new
// version in it. A folder whose name says no version stays where it is renamed,
// and is copied to NAME-VERSION.
func (b *Bump) target() string {
	dir := filepath.Clean(b.From)
	parent, base := filepath.Split(dir)
	renamed := replaceVersion([]byte(base), b.Old, b.New)
	switch {
	case string(renamed) != base:
		return filepath.Join(parent, string(renamed))
	case b.Rename:
		return dir
	}
	return filepath.Join(parent, b.Name+"-"+b.New)
}

// texts edits README.md, and notes where the old version is left: in values.yaml
// and as the tag of an image, since charts and images have versions of their own.
func (b *Bump) texts() error {
	readme, err := readText(b.From, readmeFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if edited := replaceVersion(readme, b.Old, b.New); !bytes.Equal(edited, readme) {
		b.Edits = append(b.Edits, FileEdit{readmeFile, readme, edited})
		readme = edited
	}
	b.mention(readmeFile, readme)
	values, err := readText(b.From, valuesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	b.mention(valuesFile, values)
	return nil
}

// mention notes the lines of a text that say the old version.
func (b *Bump) mention(name string, text []byte) {
	m := Mention{Path: name}
	text = bytes.ReplaceAll(text, []byte(":"), []byte(" ")) // tags count here
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !bytes.Equal(replaceVersion(line, b.Old, ""), line) {
			m.Lines = append(m.Lines, i+1)
		}
	}
	if len(m.Lines) > 0 {
		b.Mentions = append(b.Mentions, m)
	}
}

// readText reads a regular file of a pack.
func readText(dir, name string) (data []byte, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, name), cmp.Or(errors.Unwrap(err), err))
	case !info.Mode().IsRegular() || info.Size() > maxRead:
		return nil, fmt.Errorf("%s is no file of at most %d MiB", filepath.Join(dir, name), maxRead>>20)
	}
	return root.ReadFile(name)
}

// replaceVersion replaces a version where it stands for itself: not as a part of
// a longer one.
func replaceVersion(text []byte, old, with string) []byte {
	var out []byte
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(old))
		if i < 0 {
			return append(out, text[from:]...)
		}
		i += from
		out = append(out, text[from:i]...)
		if from = i + len(old); standsAlone(text, i, from) {
			out = append(out, with...)
		} else {
			out = append(out, old...)
		}
	}
}

// preRelease is what makes a longer version of one that it stands behind.
var preRelease = regexp.MustCompile(`^-(?:[0-9]|alpha|beta|rc|pre|dev|snapshot)`)

// standsAlone tells whether the version between two places is a whole one: what
// is before and behind it is neither digit nor letter, nor a dot or plus with
// one behind. A v before it belongs to it, and a dash parts it from other words.
// Behind a colon it is the tag of an image.
func standsAlone(text []byte, start, end int) bool {
	at := func(i int) byte {
		if i < 0 || i >= len(text) {
			return ' '
		}
		return text[i]
	}
	before, after := at(start-1), at(end)
	if before == 'v' || before == 'V' {
		before = at(start - 2)
	}
	if isWord(before) || before == ':' || before == '.' && isWord(at(start-2)) {
		return false
	}
	if preRelease.Match(text[end:min(len(text), end+len("-snapshot"))]) {
		return false
	}
	return !isWord(after) && ((after != '.' && after != '+') || !isWord(at(end+1)))
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// FindPack returns the folder of a pack: the argument where it is one, else the
// pack below root that has it as NAME or NAME@VERSION. Of several versions it is
// the highest.
func FindPack(root, arg string) (string, error) {
	if locate.IsPack(arg) {
		return arg, nil
	}
	folders, err := locate.Find(root)
	if err != nil {
		return "", err
	}
	name, version, _ := strings.Cut(arg, "@")
	type found struct{ dir, version string }
	var all []found
	for _, dir := range folders {
		meta, err := pack.ReadMeta(dir)
		if err == nil && meta.Name == name && (version == "" || meta.Version == version) {
			all = append(all, found{dir, meta.Version})
		}
	}
	if len(all) == 0 {
		return "", &InvalidError{fmt.Sprintf("%s is no folder of a pack, and no pack here is called so", arg), "name the folder, or NAME or NAME@VERSION of a pack below this folder"}
	}
	best := slices.MaxFunc(all, func(a, b found) int { return pack.CompareVersions(a.version, b.version) })
	for _, f := range all {
		if f.version == best.version && f.dir != best.dir {
			return "", &InvalidError{fmt.Sprintf("%s and %s both hold %s %s", f.dir, best.dir, name, f.version), "name one of the folders"}
		}
	}
	return best.dir, nil
}
