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
	n       int         // bytes in the current member
	size    int         // that it may hold
	ended   bool        // the first one
	current *gzipMember // from the second member on
	pending []*gzipMember
	spare   []*gzipMember
}

// gzipMember is a member that is compressed apart from the others.
type gzipMember struct {
	done sync.WaitGroup
	raw  []byte
	out  bytes.Buffer
	zip  *zipped
	err  error
}

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
			m.current.raw = append(m.current.raw, part...)
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
	m.current = m.member()
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
	m.pending = append(m.pending, m.current)
	m.current.done.Go(m.current.compress)
	m.current = nil
	return nil
}

// member returns one that was written already, or a new one.
func (m *members) member() *gzipMember {
	if last := len(m.spare) - 1; last >= 0 {
		g := m.spare[last]
		m.spare = m.spare[:last]
		return g
	}
	g := &gzipMember{raw: make([]byte, 0, nextMember)}
	g.out.Grow(nextMember + nextMember/64)
	return g
}

func (g *gzipMember) compress() {
	if g.zip == nil {
		if g.zip, g.err = newZipped(&g.out); g.err != nil {
			return
		}
	} else {
		g.zip.reset(&g.out)
	}
	if _, g.err = g.zip.gz.Write(g.raw); g.err == nil {
		g.err = g.zip.finishMember()
	}
}

func (m *members) flushOldest() error {
	g := m.pending[0]
	m.pending = m.pending[1:]
	g.done.Wait()
	if g.err != nil {
		return g.err
	}
	_, err := m.out.Write(g.out.Bytes())
	g.raw = g.raw[:0]
	g.out.Reset()
	m.spare = append(m.spare, g)
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
