package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

// question is one that a few answers say yes to.
type question struct {
	text string
	yes  []string
}

// applyThis is the question about a plan that deletes nothing.
var applyThis = question{"Apply this plan? Only y or yes does it: ", []string{"y", "yes"}}

// confirm shows a plan and asks whether to carry it out. Plan and question go to
// stderr, so that stdout holds the result alone.
func (a *app) confirm(p *plan.Plan, file string, q question) error {
	if err := render.Plan(a.err, a.errStyle(), p, render.PlanOptions{File: file}); err != nil {
		return err
	}
	return a.agree(q)
}

// agree asks a question.
func (a *app) agree(q question) error {
	if _, err := fmt.Fprint(a.err, "\n"+q.text); err != nil {
		return err
	}
	answers := make(chan string, 1)
	go func() { // a read from a terminal cannot be stopped: an interrupt must not wait for it
		line, _ := bufio.NewReader(io.LimitReader(a.in, 1<<10)).ReadString('\n')
		answers <- line
	}()
	select {
	case <-a.stop:
		return executor.ErrInterrupted
	case answer := <-answers:
		if slices.Contains(q.yes, strings.ToLower(strings.TrimSpace(answer))) {
			_, err := fmt.Fprintln(a.err)
			return err
		}
	}
	return fmt.Errorf("not applied: the answer was not %s", q.yes[len(q.yes)-1])
}
