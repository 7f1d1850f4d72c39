package pack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// source is the stream that an archive comes from. It counts, and remembers an
// error, so that a lost connection is told from bad bytes.
type source struct {
	r   io.Reader
	n   int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// stream is the tar inside an archive. Reading fails when more comes out than
// the limits allow.
type stream struct {
	in     source
	buf    *bufio.Reader
	gz     *gzip.Reader // nil where the archive is not compressed
	limits Limits
	n      int64 // bytes that came out
	files  int64 // bytes of files that were read; more than n where they have holes
}

var (
	buffers   = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 128<<10) }}
	unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

// unpack opens an archive: gzip, or a tar that is not compressed.
func unpack(r io.Reader, l Limits) (*stream, error) {
	s := &stream{in: source{r: r}, limits: l}
	s.buf = buffers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool holds nothing else
	s.buf.Reset(&s.in)
	head, err := s.buf.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		s.release()
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		if name := compression(head); name != "" {
			s.release()
			return nil, fmt.Errorf("%w: it is %s, and only gzip is read: pack it as .tar.gz", ErrArchive, name)
		}
		return s, nil
	}
	s.gz = unzippers.Get().(*gzip.Reader) //nolint:forcetypeassert // the pool holds nothing else
	if err := s.member(); err != nil {
		s.release()
		return nil, s.broken(err)
	}
	return s, nil
}

// compression names a format by its first bytes.
func compression(head []byte) string {
	for _, f := range []struct{ magic, name string }{
		{"PK\x03\x04", "a zip file"}, {"BZh", "bzip2"}, {"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "zstd"},
	} {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.name
		}
	}
	return ""
}

// release gives back what is pooled.
func (s *stream) release() {
	if s.gz != nil {
		unzippers.Put(s.gz)
	}
	s.buf.Reset(nil)
	buffers.Put(s.buf)
}

// member begins a member of the gzip file.
func (s *stream) member() error {
	if err := s.gz.Reset(s.buf); err != nil {
		return err
	}
	s.gz.Multistream(false)
	return nil
}

func (s *stream) Read(p []byte) (int, error) {
	if s.gz == nil {
		n, err := s.buf.Read(p)
		return s.count(n, err)
	}
	for {
		n, err := s.gz.Read(p)
		if errors.Is(err, io.EOF) {
			err = s.following()
		}
		if n > 0 || err != nil {
			return s.count(n, err)
		}
	}
}

// following begins the next member of a gzip file. As in gzip itself, zero
// bytes may fill up the file's end, but nothing else.
func (s *stream) following() error {
	head, err := s.buf.Peek(1)
	if err != nil {
		return err
	}
	if head[0] != 0 {
		return s.member()
	}
	for head[0] == 0 {
		if _, err := s.buf.Discard(1); err != nil {
			return err
		}
		if head, err = s.buf.Peek(1); err != nil {
			return err
		}
	}
	return gzip.ErrHeader
}

func (s *stream) count(n int, err error) (int, error) {
	s.n += int64(n)
	if too := s.tooMuch(); too != nil {
		return n, too
	}
	return n, err
}

// tooMuch judges what came out so far. Headers and padding are allowed for.
func (s *stream) tooMuch() error {
	const overhead = 4096 // bytes that an entry may take besides its file
	out := max(s.n, s.files)
	switch {
	case s.n > s.limits.Bytes+int64(s.limits.Entries)*overhead:
		return fmt.Errorf("%w: it unpacks to more than %d bytes", ErrTooLarge, s.limits.Bytes)
	case out > s.limits.RatioFrom && out/s.limits.Ratio > s.in.n:
		return fmt.Errorf("%w: %d bytes of it unpack to %d", ErrTooLarge, s.in.n, out)
	}
	return nil
}

// drain reads to the end, where gzip has a checksum of all that came out.
func (s *stream) drain(ctx context.Context) error {
	b := getScratch()
	defer b.release()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := s.Read(b.buf[:])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.broken(err)
		}
	}
}

// body is the bytes of one file in the tar. It remembers why reading failed.
type body struct {
	in  *stream
	tar io.Reader
	err error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.tar.Read(p)
	b.in.files += int64(n)
	if too := b.in.tooMuch(); too != nil {
		err = too
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// broken returns what to say of an error: that of the stream as it is, any
// other as bad bytes.
func (s *stream) broken(err error) error {
	switch {
	case err == nil:
		return nil
	case s.in.err != nil:
		return s.in.err
	case errors.Is(err, ErrArchive):
		return err
	}
	return fmt.Errorf("%w: %w", ErrArchive, err)
}
