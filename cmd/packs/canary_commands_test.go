package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// canaryRun is a command as the tests for secrets run it.
type canaryRun struct {
	stdin string
	args  []string
}

// canaryRuns is every command that contacts a registry or reads what such a
// command wrote. Files are in dir.
func canaryRuns(dir string) []canaryRun {
	file := func(name string) string { return filepath.Join(dir, name) }
	return []canaryRun{
		{"", []string{"validate", "-o", "json"}},
		{"", []string{"validate", "--online", "--check-images"}},
		{"", []string{"plan", "-o", "json", "--allow-exec"}},
		{"", []string{"plan", "--allow-exec", "--no-cache", "--save", file("plan.json"), "--summary", file("summary.md")}},
		{"", []string{"apply", file("plan.json"), "--allow-exec", "-o", "markdown"}},
		{"", []string{"apply", "--yes", "-o", "json=" + file("report.json"), "--events", file("events.jsonl"), "--allow-exec", "--update-repositories"}},
		{"", []string{"prune", "--yes", "--allow-exec", "-o", "json=" + file("pruned.json")}},
		{"", []string{"show", file("plan.json"), "-o", "markdown"}},
		{"", []string{"show", file("report.json")}},
		{"", []string{"report", "merge", file("report.json"), "-o", "text"}},
		{"", []string{"verify", "--deep", "--unmanaged", "--allow-exec", "-o", "json=" + file("verified.json"), "-o", "html"}},
		{"", []string{"diff", "--allow-exec", "-o", "json"}},
		{"", []string{"list", "--allow-exec"}},
		{"", []string{"list", "--allow-exec", "--registry", "dev", "-o", "pins=" + file("dev.pins")}},
		{"", []string{"copy", "HOST", file("copied"), "--yes", "--plain-http", "-o", "json"}},
		{"", []string{"bundle", "--allow-exec", "--registry", "dev", "-o", file("dev.tar")}},
		{"", []string{"pull", "nginx@1.2.0", "--allow-exec", "--dir", dir}},
		{"", []string{"palette", "plan", "-o", "json"}},
		{"", []string{"palette", "register", "--yes"}},
		{"", []string{"palette", "sync", "--wait"}},
		{"", []string{"palette", "status"}},
		{"", []string{"palette", "verify", "--allow-exec"}},
		{"", []string{"palette", "export", "--terraform"}},
		{"", []string{"doctor", "--allow-exec"}},
		{"", []string{"login", "--allow-exec"}},
		{canary, []string{"login", "dev", "-u", canaryUser, "--password-stdin"}},
		{"", []string{"login", "dev", "-u", canaryUser, "-p", canary}},
		{"", []string{"logout", "dev"}},
	}
}

// withoutRegistry are the commands that neither contact a registry nor read what
// such a command wrote.
var withoutRegistry = []string{"init", "new pack", "bump", "explain", "schema", "plugin list", "completion", "version", "help"}

// readsResults tells whether a command takes something else than a catalog.
func readsResults(command string) bool {
	return command == "show" || command == "report" || command == "copy"
}

// every runs every command that could show a secret.
func (c *cage) every(t *testing.T, name string) {
	t.Helper()
	for _, r := range canaryRuns(c.dir) {
		args := slices.Clone(r.args)
		if i := slices.Index(args, "HOST"); i >= 0 {
			args[i] = c.host
		}
		c.run(t, name, r.stdin, args...)
	}
}

// TestSecretsAreLookedForInEveryCommand keeps new commands from being left out.
func TestSecretsAreLookedForInEveryCommand(t *testing.T) {
	t.Parallel()
	known := make(map[string]bool)
	for _, name := range withoutRegistry {
		known[name] = true
	}
	for _, r := range canaryRuns("") {
		known[r.args[0]] = true
		known[strings.Join(r.args[:2], " ")] = true
	}
	var walk func(prefix string, commands []*cobra.Command)
	walk = func(prefix string, commands []*cobra.Command) {
		for _, cmd := range commands {
			name := strings.TrimSpace(prefix + " " + cmd.Name())
			if cmd.HasSubCommands() && name != "completion" {
				walk(name, cmd.Commands())
				continue
			}
			if !known[name] {
				t.Errorf("`packs %s`: add it to canaryRuns, or to withoutRegistry if it contacts no registry", name)
			}
		}
	}
	walk("", newRootCmd(&app{name: "packs"}).Commands())
}
