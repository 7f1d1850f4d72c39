package pack

import (
	"context"
	"errors"
	"os"
)

// Kind says what a file of a pack is.
type Kind byte

// The kinds of files. Their values are part of the content digest.
const (
	Regular Kind = 'f'
	Link    Kind = 'l' // symbolic; hard links are regular files
)

// File is one file of a pack.
type File struct {
	Path       string // relative to the pack, UTF-8, parted by "/"
	Kind       Kind
	Executable bool     // by its owner; never set for a link
	Size       int64    // in bytes; a link has as many as its target's text
	Digest     [32]byte // sha256 of the bytes; of a link, of its target's text
	Target     string   // of a link: relative, parted by "/"
}

// Inventory is what a pack is made of.
type Inventory struct {
	Digest string // the content digest: v1:sha256:HEX
	Bytes  int64  // of all files
	Files  []File // sorted bytewise by Path
}

// Options tunes Read. The zero value is a good one.
type Options struct {
	Workers int    // how many files are hashed at once; 0 means GOMAXPROCS
	Limits  Limits // how large a pack may be
}

// Causes that callers can tell apart with errors.Is.
var (
	// ErrChanged means that a file is not what it was a moment ago.
	ErrChanged = errors.New("changed while it was read")
	// ErrUnsupported means something that is no regular file, folder or link
	// inside the pack.
	ErrUnsupported = errors.New("cannot be part of a pack")
	// ErrTooLarge means that a limit was reached.
	ErrTooLarge = errors.New("too large")
	// ErrArchive means that the bytes are no archive of a pack. An error of the
	// reader that they come from never is ErrArchive.
	ErrArchive = errors.New("not the archive of a pack")
)

// Read takes stock of the pack at path, a folder or an archive, in one pass
// over the bytes. What is left out of a pack and what cannot be part of one is
// said in docs/specs/content-digest.md. Errors name the file, relative to the
// pack; they wrap one of this package's causes or an *fs.PathError.
func Read(ctx context.Context, path string, o Options) (*Inventory, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readArchiveFile(ctx, path, o.Limits)
	}
	f, err := listFolder(ctx, path, o.Limits)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.hash(ctx, o.Workers), f.Close()); err != nil {
		return nil, err
	}
	return newInventory(f.files), nil
}

func readArchiveFile(ctx context.Context, path string, l Limits) (inv *Inventory, err error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return ReadArchive(ctx, f, l)
}

// openPlain opens a regular file: reading from anything else might never end.
func openPlain(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0) //nolint:gosec // the user names the packs
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: path, Err: errors.New("neither a folder nor a file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
