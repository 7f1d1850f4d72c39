package pack

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Limits bounds what is read from an archive that somebody else made. Zero
// means the default of each.
type Limits struct {
	Bytes   int64 // of all files, unpacked; default 20 GiB
	Entries int   // default 200,000
	Path    int   // bytes of one path; default 4096
	// Ratio is how many bytes may come out for one that goes in, once more than
	// 64 MiB came out; default 1000. gzip itself reaches 1032.
	Ratio int64
}

const freeRatio = 64 << 20

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 20 << 30
	}
	if l.Entries <= 0 {
		l.Entries = 200_000
	}
	if l.Path <= 0 {
		l.Path = 4096
	}
	if l.Ratio <= 0 {
		l.Ratio = 1000
	}
	return l
}

// counted counts the bytes that were read through it.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// guarded unpacks, and fails when too much comes out.
type guarded struct {
	in     *counted
	out    io.Reader
	n      int64
	limits Limits
}

// unpack reads gzip, or a bare tar where the bytes are no gzip.
func unpack(r io.Reader, l Limits) (*guarded, error) {
	in := &counted{r: r}
	b := bufio.NewReaderSize(in, 64<<10)
	g := &guarded{in: in, out: b, limits: l}
	magic, err := b.Peek(2)
	if err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		g.out = z
	}
	return g, nil
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.out.Read(p)
	g.n += int64(n)
	// Headers and padding count a little, so leave room for them.
	if g.n > g.limits.Bytes+int64(g.limits.Entries)*1024 {
		return n, fmt.Errorf("%w: %w of %d bytes", ErrArchive, ErrTooLarge, g.limits.Bytes)
	}
	if g.n > freeRatio && g.n/g.limits.Ratio > g.in.n {
		return n, fmt.Errorf("%w: %d bytes unpack to more than %d: %w", ErrArchive, g.in.n, g.n, ErrTooLarge)
	}
	return n, err
}
