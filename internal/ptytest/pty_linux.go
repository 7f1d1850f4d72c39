package ptytest

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is a pseudo-terminal.
type Terminal struct {
	// File is the side that a program under test is given.
	File *os.File

	master *os.File
	mu     sync.Mutex
	output bytes.Buffer
	more   chan struct{} // closed and replaced when output grows
	done   chan struct{}
}

// Open returns a terminal of a size. It is closed when the test ends. A system
// without pseudo-terminals skips the test.
func Open(tb testing.TB, columns, rows uint16) *Terminal {
	tb.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		tb.Skipf("no pseudo-terminals here: %v", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx") // not blocking: HangUp ends a read
	fatal := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	fatal(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	fatal(err)
	fatal(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}))
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	fatal(err)
	p := &Terminal{File: slave, master: master, more: make(chan struct{}), done: make(chan struct{})}
	go p.read() // ends when both sides are closed
	tb.Cleanup(func() {
		p.Close()
		_ = master.Close()
	})
	return p
}

func (p *Terminal) read() {
	defer close(p.done)
	buf := make([]byte, 4096)
	for {
		n, err := p.master.Read(buf)
		p.mu.Lock()
		p.output.Write(buf[:n])
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Type enters text as a person would.
func (p *Terminal) Type(text string) error {
	_, err := io.WriteString(p.master, text)
	return err
}

// Close closes the program's side and waits until everything it wrote was read.
func (p *Terminal) Close() {
	if p.File.Close() == nil {
		<-p.done
	}
}

// HangUp takes the terminal away, as when a window is closed or a connection
// lost. A program that it is the controlling terminal of gets SIGHUP.
func (p *Terminal) HangUp() error { return p.master.Close() }

// Await waits until a text was written, and fails the test where that takes
// longer than any machine could need.
func (p *Terminal) Await(tb testing.TB, text string) {
	tb.Helper()
	const patience = 30 * time.Second
	limit := time.After(patience)
	for {
		p.mu.Lock()
		found, more := bytes.Contains(p.output.Bytes(), []byte(text)), p.more
		p.mu.Unlock()
		if found {
			return
		}
		select {
		case <-more:
		case <-limit:
			tb.Fatalf("%q was not written: %q", text, p.Output())
		}
	}
}

// Output is everything that was written so far, with escape codes.
func (p *Terminal) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}
