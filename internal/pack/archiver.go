package pack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// level is the compression level of every archive. Another one gives other
// bytes, and with them another digest to every pack that was ever published.
const level = 6

// epoch is the time of everything in an archive.
var epoch = time.Unix(0, 0)

// known is what is known of a folder's files before they are archived.
type known byte

const (
	names       known = iota + 1 // their names, and the targets of links
	everything                   // an inventory, which the files must still agree with
	exceptModes                  // the same, but the file system may not hold modes and links
)

// zipped is the compressing end of an archive.
type zipped struct {
	buf *bufio.Writer // what compression puts out comes in small pieces
	gz  *gzip.Writer
}

var zippers sync.Pool // of *zipped

func newZipped(w io.Writer) (*zipped, error) {
	z, ok := zippers.Get().(*zipped)
	if !ok {
		z = &zipped{buf: bufio.NewWriterSize(w, 64<<10)}
		var err error
		if z.gz, err = gzip.NewWriterLevel(z.buf, level); err != nil {
			return nil, err
		}
	}
	z.reset(w)
	return z, nil
}

// reset begins a member that goes to w.
func (z *zipped) reset(w io.Writer) {
	z.buf.Reset(w)
	z.gz.Reset(z.buf)
	z.gz.ModTime = epoch // which means none in gzip; the zero Time does not
}

// finishMember ends what is compressed as one member.
func (z *zipped) finishMember() error { return errors.Join(z.gz.Close(), z.buf.Flush()) }

// writeArchive writes the archive of a folder's files, as docs/specs/archive.md
// lays down. Where only names were known, it completes the files.
func writeArchive(ctx context.Context, w io.Writer, m Meta, f *folder, k known) error {
	if err := m.check(); err != nil {
		return err
	}
	if i, ok := slices.BinarySearchFunc(f.files, File{Path: MetaFile}, byPath); !ok || f.files[i].Kind != Regular {
		return &MetaError{File: MetaFile, Message: "is missing", Hint: "a pack is a folder that holds " + MetaFile, Err: fs.ErrNotExist}
	}
	z, err := newZipped(w)
	if err != nil {
		return err
	}
	defer zippers.Put(z)
	parts := newMembers(z)
	defer parts.wait()
	a := &archiver{folder: f, known: k, meta: m, top: m.Name + "-" + m.Version + "/", tar: tar.NewWriter(parts)}
	if err := a.all(ctx); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), parts.close(), z.buf.Flush())
}

type archiver struct {
	folder *folder
	known  known
	top    string // NAME-VERSION/
	tar    *tar.Writer
	last   string // path of the entry before
	want   *File  // the file that is being written
	meta   Meta
	text   bytes.Buffer // of pack.json
}

func (a *archiver) all(ctx context.Context) (err error) {
	s, o := getScratch(), Opener{root: a.folder.root}
	defer s.release()
	defer func() { err = errors.Join(err, o.Close()) }()
	begin := a.begin // once, not for every file
	for i := range a.folder.files {
		f := &a.folder.files[i]
		a.want = f
		if err := a.parents(a.top + f.Path); err != nil {
			return err
		}
		if f.Kind == Link {
			if err := a.link(f); err != nil {
				return err
			}
			continue
		}
		got := File{Path: f.Path, Kind: Regular}
		if err := a.folder.read(ctx, &o, &got, s, begin); err != nil {
			return err
		}
		if a.known == names {
			*f = got
		} else if got.Digest != f.Digest {
			return changed(f, "it has other bytes")
		}
	}
	return a.checkMeta()
}

// checkMeta makes sure that the pack.json in the archive still has the name
// and version that the archive is to be published under.
func (a *archiver) checkMeta() error {
	m, err := ParseMeta(MetaFile, a.text.Bytes())
	if err == nil && (m.Name != a.meta.Name || m.Version != a.meta.Version) {
		err = fmt.Errorf("%s: %w: it says %s %s, no longer %s %s", MetaFile, ErrChanged, m.Name, m.Version, a.meta.Name, a.meta.Version)
	}
	return err
}

func changed(f *File, how string) error {
	return fmt.Errorf("%s: %w: %s", show(f.Path), ErrChanged, how)
}

// parents writes entries for the folders of a path that have none yet. Since
// paths come sorted, these are the ones that the last path does not lie in.
func (a *archiver) parents(path string) error {
	for i := range len(path) {
		if path[i] != '/' || strings.HasPrefix(a.last, path[:i+1]) {
			continue
		}
		if err := a.header(&tar.Header{Typeflag: tar.TypeDir, Name: path[:i+1], Mode: 0o755}); err != nil {
			return err
		}
	}
	a.last = path
	return nil
}

// begin writes the header of a regular file, now that its size is known.
func (a *archiver) begin(got *File) (io.Writer, error) {
	if a.known == exceptModes {
		got.Executable = a.want.Executable
	}
	if a.known != names {
		switch {
		case got.Size != a.want.Size:
			return nil, changed(got, fmt.Sprintf("it had %d bytes and has %d", a.want.Size, got.Size))
		case got.Executable != a.want.Executable:
			return nil, changed(got, "its executable bit is another")
		}
	}
	if err := a.folder.account.size(got.Path, got.Size); err != nil {
		return nil, err
	}
	h := tar.Header{Typeflag: tar.TypeReg, Name: a.top + got.Path, Size: got.Size, Mode: 0o644}
	if got.Executable {
		h.Mode = 0o755
	}
	if err := a.header(&h); err != nil || got.Path != MetaFile {
		return a.tar, err
	}
	if got.Size > maxMeta {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", MetaFile, ErrTooLarge, maxMeta)
	}
	return io.MultiWriter(a.tar, &a.text), nil
}

func (a *archiver) link(f *File) error {
	if a.known == everything {
		target, err := a.folder.target(f.Path)
		if err != nil {
			return fmt.Errorf("%s: %w: it was a link: %w", show(f.Path), ErrChanged, err)
		}
		if target != f.Target {
			return changed(f, "the link leads elsewhere")
		}
	}
	return a.header(&tar.Header{Typeflag: tar.TypeSymlink, Name: a.top + f.Path, Linkname: f.Target, Mode: 0o777})
}

// header writes a header in the oldest format that can hold it: USTAR, or PAX
// for what is long, large or not ASCII.
func (a *archiver) header(h *tar.Header) error {
	h.ModTime = epoch
	if err := a.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", show(h.Name), err)
	}
	return nil
}
