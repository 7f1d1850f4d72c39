package lint

import (
	"bufio"
	"io"
	"sync"
)

// Buffers are used again for the next file: a pack has many.
var (
	readers     = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, scanSize) }}
	scanBuffers = sync.Pool{New: func() any { return new([scanSize]byte) }}
)

const scanSize = 64 << 10

func newReader(r io.Reader) *bufio.Reader {
	b := readers.Get().(*bufio.Reader) //nolint:forcetypeassert // nothing else is put there
	b.Reset(r)
	return b
}

// freeReader gives a reader back: nobody may use it any more.
func freeReader(b *bufio.Reader) {
	b.Reset(nil)
	readers.Put(b)
}
