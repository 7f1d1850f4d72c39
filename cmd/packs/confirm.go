package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

// confirm shows a plan and asks whether to carry it out. Plan and question go to
// stderr, so that stdout holds the result alone.
func (a *app) confirm(p *plan.Plan, file string) error {
	if err := render.Plan(a.err, a.errStyle(), p, render.PlanOptions{File: file}); err != nil {
		return err
	}
	if _, err := fmt.Fprint(a.err, "\nApply this plan? Only y or yes does it: "); err != nil {
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
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			_, err := fmt.Fprintln(a.err)
			return err
		}
	}
	return fmt.Errorf("not applied: the answer was not yes")
}
