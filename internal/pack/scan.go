package pack

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// entry is a file of an archive. Its path is that in the archive.
type entry struct {
	File
	part    int    // which of the archive's regular files has the bytes, from 1
	ignore  string // the text, where the file is called .packsignore
	strange error  // why it can be part of no pack
}

// contents is all that an archive holds.
type contents struct {
	account account
	entries map[string]*entry
	ignored int // bytes of the .packsignore files
	parts   int
}

// receiver reads the bytes of a regular file, as far as they matter to it, and
// fills in the digest.
type receiver func(ctx context.Context, e *entry, r io.Reader) error

// maxIgnores bounds all .packsignore files that are held until it is known
// which of them is the pack's, in bytes.
const maxIgnores = 16 * maxIgnore

// scan reads an archive from its beginning to its end.
func scan(ctx context.Context, r io.Reader, l Limits, receive receiver) (*contents, error) {
	l = l.withDefaults()
	in, err := unpack(r, l)
	if err != nil {
		return nil, err
	}
	defer in.release()
	c := &contents{account: account{limits: l}, entries: make(map[string]*entry)}
	entries := tar.NewReader(in)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return c, in.drain(ctx)
		}
		if err != nil {
			return nil, in.broken(err)
		}
		b := &body{in: in, tar: entries}
		if err := c.take(ctx, h, b, receive); err != nil {
			if b.err != nil {
				err = fmt.Errorf("%s: %w", show(h.Name), in.broken(b.err))
			}
			return nil, err
		}
	}
}

// take takes in one entry. As in tar, a later one of the same path replaces an
// earlier one.
func (c *contents) take(ctx context.Context, h *tar.Header, r io.Reader, receive receiver) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader, 'V', 'X': // remarks: on the archive, its label, old extended headers
		return nil
	}
	name, err := c.clean(h.Name)
	if err != nil {
		return err
	}
	if err := c.account.name(name, h.Linkname); err != nil {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	e := &entry{File: File{Path: name}}
	switch h.Typeflag {
	case tar.TypeDir, 'D':
		delete(c.entries, name)
		return nil
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if err := c.regular(ctx, e, h, r, receive); err != nil {
			return err
		}
	case tar.TypeLink:
		if e, err = c.hardLink(name, h.Linkname); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if e.File, e.strange = newLink(name, h.Linkname); h.Linkname == "" {
			e.strange = fmt.Errorf("%s: %w: a link that leads nowhere", show(name), ErrUnsupported)
		}
	default:
		e.strange = fmt.Errorf("%s: %w: %s is neither file, folder nor link", show(name), ErrUnsupported, typeName(h.Typeflag))
	}
	if name == "." {
		return fmt.Errorf("%w: an entry without a name", ErrArchive)
	}
	c.entries[name] = e
	return nil
}

func typeName(flag byte) string {
	switch flag {
	case tar.TypeChar, tar.TypeBlock:
		return "a device"
	case tar.TypeFifo:
		return "a named pipe"
	}
	return fmt.Sprintf("an entry of type %q", flag)
}

// clean returns a path of the archive without "./" and the like. Nobody makes
// archives with paths that lead out of them by accident: these are refused
// even where they would be left out.
func (c *contents) clean(name string) (string, error) {
	switch {
	case !utf8.ValidString(name):
		return "", fmt.Errorf("%w: the path %q is not UTF-8", ErrArchive, name)
	case strings.HasPrefix(name, "/"):
		return "", fmt.Errorf("%w: the path %.200q is absolute", ErrArchive, name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf(`%w: the path %.200q holds ".."`, ErrArchive, name)
		}
	}
	return path.Clean(name), nil
}

// hardLink is another name of an earlier file, with its bytes and mode.
func (c *contents) hardLink(name, target string) (*entry, error) {
	from, err := c.clean(target)
	if err != nil {
		return nil, err
	}
	first, ok := c.entries[from]
	if !ok {
		return nil, fmt.Errorf("%w: %s is a hard link to %s, which does not come before it", ErrArchive, show(name), show(from))
	}
	second := *first
	second.Path = name
	if base(name) == IgnoreFile && base(from) != IgnoreFile {
		second.strange = fmt.Errorf("%s: %w: make it a file of its own, not a hard link", show(name), ErrUnsupported)
	}
	return &second, nil
}

// regular takes in a file and its bytes.
func (c *contents) regular(ctx context.Context, e *entry, h *tar.Header, r io.Reader, receive receiver) error {
	if err := c.account.size(e.Path, h.Size); err != nil {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	c.parts++
	e.part, e.Kind, e.Size, e.Executable = c.parts, Regular, h.Size, h.Mode&0o100 != 0
	if base(e.Path) != IgnoreFile {
		return receive(ctx, e, r)
	}
	if e.Size > maxIgnore {
		e.strange = fmt.Errorf("%s: %w: more than %d bytes", show(e.Path), ErrTooLarge, maxIgnore)
		return receive(ctx, e, r)
	}
	if c.ignored += int(e.Size); c.ignored > maxIgnores {
		return fmt.Errorf("%w: %w: its %s files have more than %d bytes", ErrArchive, ErrTooLarge, IgnoreFile, maxIgnores)
	}
	var text strings.Builder
	err := receive(ctx, e, io.TeeReader(r, &text))
	e.ignore = text.String()
	return err
}
