package pack

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// ReadArchive takes stock of an archive, whoever made it: gzip or bare tar,
// with or without a top folder, hard links, PAX and GNU names. The rules on
// what is left out are those for folders, so that the same pack has the same
// digest. It reads a stream once and holds no file in memory.
func ReadArchive(ctx context.Context, r io.Reader, l Limits) (*Inventory, error) {
	s, err := scan(ctx, r, l, nil)
	if err != nil {
		return nil, err
	}
	return s.inventory()
}

// sink gets the files of an archive while it is scanned. Paths are as the
// archive has them, cleaned; a later file of the same path replaces an earlier.
type sink interface {
	create(name string) (io.WriteCloser, error) // a file's bytes follow
	link(name, from string)                     // the same bytes as an earlier file
}

// scanned is what an archive holds, by path as the archive has it, cleaned.
type scanned struct {
	ctx    context.Context //nolint:containedctx // lives only as long as the scan
	limits Limits
	sink   sink
	files  map[string]File
	metas  map[string][]byte // pack.json files of the least depth seen so far
	depth  int               // of those
	ignore map[string][]byte // .packsignore files
}

// maxIgnores bounds the .packsignore files that are kept until the root of the
// pack is known.
const maxIgnores = 64

func scan(ctx context.Context, r io.Reader, l Limits, to sink) (*scanned, error) {
	s := &scanned{
		ctx: ctx, limits: l.withDefaults(), sink: to, files: make(map[string]File),
		metas: make(map[string][]byte), ignore: make(map[string][]byte),
	}
	in, err := unpack(r, s.limits)
	if err != nil {
		return nil, err
	}
	entries := tar.NewReader(in)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		if n >= s.limits.Entries {
			return nil, fmt.Errorf("%w: %w of %d entries", ErrArchive, ErrTooLarge, s.limits.Entries)
		}
		if err := s.entry(h, entries); err != nil {
			return nil, err
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil { // to the end: gzip has a checksum there
		return nil, broken(err)
	}
	return s, nil
}

// broken wraps what a decoder says of bad bytes; errors of the reader below,
// such as a lost connection, stay what they are beneath.
func broken(err error) error {
	if errors.Is(err, ErrArchive) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrArchive, err)
}

func (s *scanned) entry(h *tar.Header, body io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, err := s.clean(h.Name)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return nil
	case tar.TypeSymlink:
		s.put(linkFile(name, strings.ReplaceAll(h.Linkname, "\\", "/")))
		return nil
	case tar.TypeLink:
		return s.hardLink(name, h)
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return s.regular(name, h, body)
	}
	return fmt.Errorf("%w: %s: %w (type %q)", ErrArchive, name, ErrUnsupported, h.Typeflag)
}

// clean makes a path of an archive relative, without "./", and refuses those
// that leave it.
func (s *scanned) clean(name string) (string, error) {
	switch {
	case len(name) > s.limits.Path:
		return "", fmt.Errorf("%w: a path of %d bytes: %w of %d", ErrArchive, len(name), ErrTooLarge, s.limits.Path)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return "", fmt.Errorf("%w: the path %q is not UTF-8", ErrArchive, name)
	case strings.HasPrefix(name, "/") || isDrive(name):
		return "", fmt.Errorf("%w: the path %q is absolute", ErrArchive, name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf(`%w: the path %q has ".."`, ErrArchive, name)
		}
	}
	return path.Clean(name), nil
}

// put notes a file. As in tar, a later entry of the same path replaces an
// earlier one.
func (s *scanned) put(f File) {
	delete(s.metas, f.Path)
	delete(s.ignore, f.Path)
	s.files[f.Path] = f
}

func (s *scanned) hardLink(name string, h *tar.Header) error {
	from, err := s.clean(h.Linkname)
	if err != nil {
		return err
	}
	f, ok := s.files[from]
	if !ok {
		return fmt.Errorf("%w: %s is a hard link to %s, which does not come before it", ErrArchive, name, from)
	}
	meta, isMeta := s.metas[from]
	f.Path = name
	if s.sink != nil && f.Kind == Regular {
		s.sink.link(name, from)
	}
	s.put(f)
	if isMeta && path.Base(name) == MetaFile {
		s.metas[name] = meta
	}
	return nil
}

func (s *scanned) regular(name string, h *tar.Header, body io.Reader) (err error) {
	f := File{Path: name, Kind: Regular, Size: h.Size, Executable: h.Mode&0o100 != 0}
	sum := sha256.New()
	writers := []io.Writer{sum}
	keep := s.keep(name)
	if keep != nil {
		writers = append(writers, keep)
	}
	if s.sink != nil {
		w, err := s.sink.create(name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		writers = append(writers, w)
	}
	if err := s.copy(io.MultiWriter(writers...), body); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum.Sum(f.Digest[:0])
	s.put(f)
	return s.kept(name, keep)
}

func (s *scanned) copy(w io.Writer, r io.Reader) error {
	b := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(b)
	for {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(*b)
		if _, werr := w.Write((*b)[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(err)
		}
	}
}
