package pack

import (
	"bytes"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// How many bytes of the tar the gzip members hold: usual packs have one member,
// the further ones of large packs are compressed at the same time. The sizes
// are part of the format of archives; how many are compressed at once is not.
const (
	firstMember = 8 << 20
	nextMember  = 2 << 20
)

// mostMembers bounds the members that are compressed at once: each takes up to
// twice nextMember of memory.
const mostMembers = 8

// members writes gzip members. The first is compressed as it comes, later ones
// beside each other. Nothing it starts outlives wait.
type members struct {
	out     io.Writer
	first   *gzip.Writer
	n       int    // bytes in the current member
	size    int    // that it may hold
	ended   bool   // the first one
	block   []byte // of the current member, from the second on
	pending []*gzipMember
}

type gzipMember struct {
	done sync.WaitGroup
	raw  []byte
	out  *bytes.Buffer
	err  error
}

var (
	blocks  = sync.Pool{New: func() any { b := make([]byte, 0, nextMember); return &b }}
	outputs = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, nextMember+nextMember/64)) }}
)

func newMembers(z *zipped) *members {
	return &members{out: z.buf, first: z.gz, size: firstMember}
}

// Write compresses p, or keeps it until a member is full.
func (m *members) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if m.n == m.size {
			if err := m.next(); err != nil {
				return n, err
			}
		}
		part := p[:min(len(p), m.size-m.n)]
		if !m.ended {
			if _, err := m.first.Write(part); err != nil {
				return n, err
			}
		} else {
			m.block = append(m.block, part...)
		}
		m.n += len(part)
		n += len(part)
		p = p[len(part):]
	}
	return n, nil
}

// next ends the current member: more bytes come.
func (m *members) next() error {
	if !m.ended {
		m.ended = true
		if err := m.first.Close(); err != nil {
			return err
		}
	} else if err := m.start(); err != nil {
		return err
	}
	m.block = *blocks.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	m.n, m.size = 0, nextMember
	return nil
}

// start compresses the current block beside those that are under way.
func (m *members) start() error {
	if len(m.pending) >= min(mostMembers, runtime.GOMAXPROCS(0)) {
		if err := m.flushOldest(); err != nil {
			return err
		}
	}
	g := &gzipMember{raw: m.block, out: outputs.Get().(*bytes.Buffer)} //nolint:forcetypeassert // the pool holds nothing else
	m.block = nil
	m.pending = append(m.pending, g)
	g.done.Go(g.compress)
	return nil
}

func (g *gzipMember) compress() {
	z, err := newZipped(g.out)
	if err != nil {
		g.err = err
		return
	}
	defer zippers.Put(z)
	if _, g.err = z.gz.Write(g.raw); g.err == nil {
		g.err = z.finishMember()
	}
	g.raw = g.raw[:0]
	blocks.Put(&g.raw)
}

func (m *members) flushOldest() error {
	g := m.pending[0]
	m.pending = m.pending[1:]
	g.done.Wait()
	if g.err != nil {
		return g.err
	}
	_, err := m.out.Write(g.out.Bytes())
	g.out.Reset()
	outputs.Put(g.out)
	return err
}

// close ends the last member and writes all that are under way, in order.
func (m *members) close() error {
	if !m.ended {
		return m.first.Close()
	}
	if err := m.start(); err != nil {
		return err
	}
	for len(m.pending) > 0 {
		if err := m.flushOldest(); err != nil {
			return err
		}
	}
	return nil
}

// wait lets what is under way end; after close there is nothing left.
func (m *members) wait() {
	for _, g := range m.pending {
		g.done.Wait()
	}
	m.pending = nil
}
