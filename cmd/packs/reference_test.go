package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var manDir = flag.String("man", "", "write manual pages into this folder")

// TestReferenceIsUpToDate holds docs/cli to the commands that it is made of.
func TestReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "docs", "cli")
	want := map[string]string{"README.md": referenceIndex(commandTree())}
	for _, c := range visible(commandTree()) {
		want[referenceFile(c)] = referencePage(t, c)
	}
	if *update {
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	const mend = "go test ./cmd/packs -run Reference -update"
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("docs/cli/%s: there is no such command any more: remove the file", e.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != text {
			t.Errorf("docs/cli/%s is not what the command says (%v): %s", name, err, mend)
		}
	}
}

// TestManualPagesCanBeMade makes a manual page of every command.
func TestManualPagesCanBeMade(t *testing.T) {
	t.Parallel()
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	epoch := time.Unix(0, 0).UTC() // the same commit gives the same pages
	root := commandTree()
	root.DisableAutoGenTag = true
	err := doc.GenManTree(root, &doc.GenManHeader{Title: "PACKS", Section: "1", Date: &epoch, Source: "packs", Manual: "packs"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range visible(root) {
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"))
		if err != nil || !bytes.Contains(page, []byte(".SH OPTIONS")) {
			t.Errorf("%s has no manual page with options: %v", c.CommandPath(), err)
		}
	}
}

// commandTree is every command as packs, started with an empty environment.
func commandTree() *cobra.Command {
	a := &app{name: "packs", in: strings.NewReader(""), out: io.Discard, err: &console{w: io.Discard}, env: func(string) (string, bool) { return "", false }, now: time.Now}
	root := newRootCmd(a)
	root.SetContext(context.Background())
	return root
}

// visible returns a command and those below it, in the order of the help.
func visible(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			all = append(all, visible(sub)...)
		}
	}
	return all
}

func referenceFile(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "_") + ".md"
}

func referenceIndex(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nThese pages are made from the help of each command.\n\n| command | |\n|---|---|\n")
	for _, c := range visible(root) {
		fmt.Fprintf(&b, "| [%s](%s) | %s |\n", c.CommandPath(), referenceFile(c), c.Short)
	}
	return b.String()
}

func referencePage(t *testing.T, c *cobra.Command) string {
	t.Helper()
	var help bytes.Buffer
	c.SetOut(&help)
	c.InitDefaultHelpFlag()
	if err := c.Help(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n```text\n%s```\n", c.CommandPath(), c.Short, help.String())
	if c.HasParent() {
		fmt.Fprintf(&b, "\n[%s](%s)\n", c.Parent().CommandPath(), referenceFile(c.Parent()))
	}
	return b.String()
}
