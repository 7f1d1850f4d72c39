package pack

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var errIndex = errors.New("damaged, or of a version of git that is not known")

// maxIndexPath is the longest path that an index may hold, in bytes.
const maxIndexPath = 1 << 16

// parseIndex reads a git index of version 2, 3 or 4, as gitformat-index(5)
// lays it down, and calls each for the mode and path of every entry.
func parseIndex(r *bufio.Reader, sha256 bool, each func(mode uint32, path []byte)) error {
	var header [12]byte
	if _, err := io.ReadFull(r, header[:]); err != nil || string(header[:4]) != "DIRC" {
		return errors.Join(errIndex, err)
	}
	p := indexParser{r: r, version: binary.BigEndian.Uint32(header[4:]), hash: 20}
	if sha256 {
		p.hash = 32
	}
	if p.version < 2 || p.version > 4 {
		return fmt.Errorf("%w: version %d", errIndex, p.version)
	}
	for range binary.BigEndian.Uint32(header[8:]) {
		mode, err := p.entry()
		if err != nil {
			return errors.Join(errIndex, err)
		}
		each(mode, p.path)
	}
	return p.extensions()
}

type indexParser struct {
	r       *bufio.Reader
	version uint32
	hash    int    // bytes of an object's name
	path    []byte // of the last entry
}

// entry reads one entry; its path is in p.path until the next.
func (p *indexParser) entry() (mode uint32, err error) {
	const modeAt, statSize, extended = 24, 40, 0x4000
	var fixed [statSize + 32 + 2]byte
	size := statSize + p.hash + 2
	if _, err := io.ReadFull(p.r, fixed[:size]); err != nil {
		return 0, err
	}
	mode = binary.BigEndian.Uint32(fixed[modeAt:])
	if p.version >= 3 && binary.BigEndian.Uint16(fixed[size-2:])&extended != 0 {
		if _, err := p.r.Discard(2); err != nil {
			return 0, err
		}
		size += 2
	}
	if p.version == 4 {
		return mode, p.suffix()
	}
	p.path = p.path[:0]
	if err := p.name(); err != nil {
		return 0, err
	}
	// Zero bytes fill up to a multiple of eight; the first of them ended the name.
	_, err = p.r.Discard(7 - (size+len(p.path))%8)
	return mode, err
}

// suffix reads a path of version 4: how much of the last path's end falls
// away, then what takes its place.
func (p *indexParser) suffix() error {
	var gone uint64
	for more := true; more; {
		b, err := p.r.ReadByte()
		if err != nil {
			return err
		}
		gone = gone<<7 | uint64(b&0x7f)
		if more = b&0x80 != 0; more {
			gone++
		}
		if gone > maxIndexPath {
			return errIndex
		}
	}
	if gone > uint64(len(p.path)) {
		return errIndex
	}
	p.path = p.path[:len(p.path)-int(gone)]
	return p.name()
}

// name appends to the path up to the zero byte that ends it.
func (p *indexParser) name() error {
	for {
		part, err := p.r.ReadSlice(0)
		p.path = append(p.path, bytes.TrimSuffix(part, []byte{0})...)
		if len(p.path) > maxIndexPath {
			return errIndex
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// extensions looks at what follows the entries, up to the checksum.
func (p *indexParser) extensions() error {
	for {
		head, err := p.r.Peek(p.hash + 1)
		if len(head) <= p.hash {
			if errors.Is(err, io.EOF) {
				return nil // only the checksum is left
			}
			return err
		}
		if string(head[:4]) == "link" {
			return errors.New("the index is split in two files: join them with git update-index --no-split-index")
		}
		if _, err := p.r.Discard(8 + int(binary.BigEndian.Uint32(head[4:8]))); err != nil {
			return errors.Join(errIndex, err)
		}
	}
}
