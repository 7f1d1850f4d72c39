package main

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/packs-cli/packs/internal/render"
)

// console is stderr. While progress is shown, what is written goes through it,
// so that lines do not run into bars.
type console struct {
	mu    sync.Mutex
	w     io.Writer
	above io.Writer
}

// Write writes to stderr or above the progress.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	w := c.w
	if c.above != nil {
		w = c.above
	}
	c.mu.Unlock()
	return w.Write(p)
}

// show puts progress before stderr; nil takes it away.
func (c *console) show(progress io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.above = progress
}

// streamOf tells whether a stream is a terminal, and how wide.
func streamOf(stream any) render.Stream {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return render.Stream{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return render.Stream{Terminal: true, Width: width}
}
