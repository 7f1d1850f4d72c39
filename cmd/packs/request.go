package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
)

// add adds the flags of every command that looks at registries.
func (q *request) add(a *app, cmd *cobra.Command) {
	q.addSelection(a, cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&q.options.Overwrite, "overwrite", nil, "replace this version although its content differs; `NAME@VERSION`, exactly (repeatable)")
	fs.BoolVar(&q.options.RepairShape, "repair-shape", false, "publish again what is there with the same content but in a form that Palette ignores")
	complete(cmd, "overwrite", func() []string { return completeVersions(a, &q.catalogFlags) })
}

// addSelection adds the flags of a command that changes nothing.
func (q *request) addSelection(a *app, cmd *cobra.Command) {
	q.catalogFlags.add(cmd.Flags())
	q.selectFlags.add(a, cmd, &q.catalogFlags)
	cmd.Flags().BoolVar(&q.allowExec, "allow-exec", false, "let packs.yaml run programs that print credentials")
}

var nameAtVersion = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// check looks at the values of flags before anything else is done.
func (q *request) check() error {
	for _, o := range q.options.Overwrite {
		if !nameAtVersion.MatchString(o) {
			return &usageError{message: fmt.Sprintf("--overwrite %s: want NAME@VERSION, exactly as in pack.json", o)}
		}
	}
	return nil
}
