package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/transport"
)

// maxAnswer is how long an answer on a terminal may be, in bytes.
const maxAnswer = 1 << 10

// asker asks a person on a terminal. Questions go to stderr.
type asker struct {
	*app
	lines *bufio.Reader
}

func (a *app) newAsker() *asker {
	return &asker{app: a, lines: bufio.NewReaderSize(a.in, maxAnswer)}
}

// line asks for a line that may be seen.
func (a *asker) line(question string) (string, error) {
	return a.ask(question, func() (string, error) {
		text, err := a.lines.ReadSlice('\n')
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0) {
			return "", err
		}
		return strings.TrimSpace(string(text)), nil
	})
}

// secret asks for a line that the terminal does not show.
func (a *asker) secret(question string) (string, error) {
	f, ok := a.in.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask on")
	}
	shown, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	answer, err := a.ask(question, func() (string, error) {
		b, err := term.ReadPassword(int(f.Fd()))
		if err != nil {
			return "", err
		}
		return transport.ReadSecret(strings.NewReader(string(b)), "the answer")
	})
	if errors.Is(err, executor.ErrInterrupted) { // the read goes on, without echo
		err = errors.Join(err, term.Restore(int(f.Fd()), shown))
	}
	_, _ = fmt.Fprintln(a.err) // the line end was not shown either
	return answer, err
}

// ask writes a question and waits for the answer or an interrupt: a read from a
// terminal cannot be stopped.
func (a *asker) ask(question string, read func() (string, error)) (string, error) {
	if _, err := io.WriteString(a.err, render.Clean(question)); err != nil {
		return "", err
	}
	type result struct {
		answer string
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := read()
		done <- result{answer, err}
	}()
	select {
	case <-a.stop:
		return "", executor.ErrInterrupted
	case r := <-done:
		return r.answer, r.err
	}
}
