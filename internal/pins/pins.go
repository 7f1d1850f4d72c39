// Package pins reads and writes pin files: the versions that somebody reviewed,
// each with the digests that it had. The format is described in
// docs/specs/pins.md.
package pins

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/version"
)

// Pin is one line: a version, and the digests that it must have.
type Pin struct {
	Name, Version string
	Manifest      digest.Digest // of the manifest; "" where the line has none
	Content       string        // content digest; "" where the line has none
	Line          int           // from 1; 0 for one that was not read
}

// String returns the line without its end: NAME:VERSION[@DIGEST][ CONTENT].
func (p Pin) String() string {
	s := p.Name + ":" + p.Version
	if p.Manifest != "" {
		s += "@" + p.Manifest.String()
	}
	if p.Content != "" {
		s += " " + p.Content
	}
	return s
}

// Error is a line of a pin file that cannot be used.
type Error struct {
	File    string
	Line    int // from 1; 0 where the file as a whole is meant
	Message string
	Err     error // the cause; may be nil
}

// Error returns FILE:LINE: MESSAGE.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Limits on pin files, which are outside input: a line of one version fits many
// times, and so do 100,000 versions.
const (
	maxLine   = 4 << 10
	maxFile   = 64 << 20
	maxFaults = 20 // that are told at once
)

// Read reads a pin file. What is wrong with it are joined *Error.
func Read(file string) ([]Pin, error) {
	f, err := os.Open(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, &Error{File: file, Message: "cannot be read: " + reason(err).Error(), Err: err}
	}
	defer f.Close() //nolint:errcheck // only read
	return Parse(file, f)
}

func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Parse reads pins from r in their order; file names it in errors. Empty lines
// and what follows a # are passed over.
func Parse(file string, r io.Reader) ([]Pin, error) {
	var all []Pin
	var faults []error
	seen := make(map[string]int)
	lines := bufio.NewScanner(io.LimitReader(r, maxFile+1))
	lines.Buffer(nil, maxLine)
	n, size := 0, 0
	for lines.Scan() {
		n++
		size += len(lines.Bytes()) + 1
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		p, message := parse(fields)
		p.Line = n
		key := p.Name + ":" + p.Version
		if message == "" && seen[key] > 0 {
			message = fmt.Sprintf("%s is pinned in line %d already", key, seen[key])
		}
		if message != "" {
			faults = append(faults, &Error{File: file, Line: n, Message: message})
		}
		if len(faults) == maxFaults {
			break
		}
		seen[key] = n
		all = append(all, p)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		faults = append(faults, &Error{File: file, Line: n + 1, Message: fmt.Sprintf("is longer than %d bytes", maxLine), Err: err})
	case err != nil:
		faults = append(faults, &Error{File: file, Line: n + 1, Message: "cannot be read: " + err.Error(), Err: err})
	case size > maxFile:
		faults = append(faults, &Error{File: file, Message: fmt.Sprintf("is longer than %d MiB", maxFile>>20)})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return all, nil
}

// parse reads the fields of a line. The message says what is wrong.
func parse(fields []string) (p Pin, message string) {
	name, rest, ok := strings.Cut(fields[0], ":")
	v, d, pinned := strings.Cut(rest, "@")
	p.Name, p.Version = name, v
	switch {
	case !ok:
		return p, fmt.Sprintf("want NAME:VERSION[@sha256:…] [v1:sha256:…], found %.200q", fields[0])
	case !pack.ValidName(name):
		return p, fmt.Sprintf("%.200q cannot be the name of a pack", name)
	case !pack.ValidVersion(v):
		return p, fmt.Sprintf("%.200q cannot be the version of a pack", v)
	case len(fields) > 2:
		return p, fmt.Sprintf("want NAME:VERSION[@sha256:…] [v1:sha256:…], found %.200q too", strings.Join(fields[2:], " "))
	}
	if pinned {
		p.Manifest = digest.Digest(d)
		if err := p.Manifest.Validate(); err != nil {
			return p, fmt.Sprintf("%.200q is no digest of a manifest: want sha256: and 64 hexadecimal digits", d)
		}
	}
	for _, content := range fields[1:] { // one at most
		p.Content = content
		if !pack.KnownDigest(content) {
			return p, fmt.Sprintf("%.200q is no content digest: want v1:sha256: and 64 hexadecimal digits", content)
		}
	}
	return p, ""
}

// Write writes pins, sorted by name and version, a line for each.
func Write(w io.Writer, all []Pin) error {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Pin) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), version.Compare(a.Version, b.Version))
	})
	buf := bufio.NewWriter(w)
	for _, p := range all {
		_, _ = buf.WriteString(p.String() + "\n") // Flush tells what failed
	}
	return buf.Flush()
}
