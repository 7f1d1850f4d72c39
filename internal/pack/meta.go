package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Meta is what pack.json says, as far as publishing needs it.
type Meta struct {
	Name        string // a path component of a repository's name
	Version     string // a tag
	DisplayName string // empty where it is missing or no string: the linter looks at it
	Layer       string // the same
}

// MetaError is something wrong with a pack.json.
type MetaError struct {
	File         string // path of the pack.json; in an archive, the archive's path and that in it
	Line, Column int    // from 1, columns in characters; 0 where the file as a whole is meant
	Message      string // what is wrong, to follow the file's name
	Hint         string // what to do; may be empty
	Err          error  // the cause; may be nil
}

// Error returns FILE:LINE:COLUMN: MESSAGE (HINT).
func (e *MetaError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": " + e.Message)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *MetaError) Unwrap() error { return e.Err }

// ReadMeta reads pack.json from a folder or an archive. All that is wrong with
// it is a *MetaError; where name and version both are wrong, two of them are
// joined. Where path itself cannot be read the error is an *fs.PathError, or
// ErrArchive for a file that is no archive.
func ReadMeta(path string) (Meta, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Meta{}, err
	}
	if !info.IsDir() {
		return archiveMeta(path)
	}
	file := filepath.Join(path, MetaFile)
	data, err := readMeta(path, file)
	if err != nil {
		return Meta{}, err
	}
	return ParseMeta(file, data)
}

// readMeta reads the pack.json of a folder.
func readMeta(dir, file string) (data []byte, err error) {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &MetaError{File: file, Message: "is missing", Hint: missingHint(dir), Err: err}
	case err != nil:
		return nil, unreadable(file, err)
	case info.IsDir():
		return nil, &MetaError{File: file, Message: "is a folder", Hint: "a pack is a folder that holds a file " + MetaFile}
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, &MetaError{File: file, Message: "is a link", Hint: "put the file itself there", Err: ErrUnsupported}
	}
	f, err := openPlain(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if data, err = io.ReadAll(io.LimitReader(f, maxMeta+1)); err != nil {
		return nil, unreadable(file, err)
	}
	return data, nil
}

func unreadable(file string, err error) *MetaError {
	cause := err
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		cause = pe.Err
	}
	return &MetaError{File: file, Message: "cannot be read: " + cause.Error(), Err: err}
}

// missingHint looks for a file that was meant to be pack.json.
func missingHint(dir string) string {
	const most = 1000                       // names that are looked at
	if d, err := os.Open(dir); err == nil { //nolint:gosec // the user names the packs
		found, _ := d.Readdirnames(most)
		_ = d.Close() // only read
		for _, name := range found {
			if strings.EqualFold(name, MetaFile) || strings.EqualFold(name, MetaFile+".txt") {
				return fmt.Sprintf("rename %s to %s", show(name), MetaFile)
			}
		}
	}
	return "a pack is a folder that holds " + MetaFile
}

// archiveMeta reads the pack.json of an archive: first it finds out which of
// its files that is, then it reads it.
func archiveMeta(archive string) (Meta, error) {
	var meta *entry
	skip := func(context.Context, *entry, io.Reader) error { return nil }
	c, err := scanFile(archive, skip)
	if err == nil {
		_, meta, err = c.root()
	}
	if errors.Is(err, errNoMeta) {
		return Meta{}, &MetaError{File: archive, Message: errNoMeta.Error(), Hint: "make the archive of the folder that holds " + MetaFile, Err: err}
	}
	if err != nil {
		return Meta{}, fmt.Errorf("%s: %w", archive, err)
	}
	file := filepath.Join(archive, filepath.FromSlash(meta.Path))
	if meta.Kind != Regular {
		return Meta{}, &MetaError{File: file, Message: "is no regular file", Hint: "put the file itself there", Err: ErrUnsupported}
	}
	var data []byte
	_, err = scanFile(archive, func(_ context.Context, e *entry, r io.Reader) (err error) {
		if e.part == meta.part {
			data, err = io.ReadAll(io.LimitReader(r, maxMeta+1))
		}
		return err
	})
	if err != nil {
		return Meta{}, fmt.Errorf("%s: %w", archive, err)
	}
	return ParseMeta(file, data)
}

func scanFile(path string, receive receiver) (c *contents, err error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return scan(context.Background(), f, Limits{}, receive)
}
