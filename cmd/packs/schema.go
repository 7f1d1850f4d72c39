package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/suggest"
	"github.com/packs-cli/packs/schema"
)

func newSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of a format",
		Long: `schema prints the JSON Schema (draft-07) of a format that packs reads or writes:
` + schemaList() + `. Without a name it prints
that of packs.yaml, which makes editors complete and check the file when its
first line is

  # yaml-language-server: $schema=./packs.schema.json`,
		Example: a.examples(
			"packs schema > packs.schema.json",
			"packs schema apply-report",
		),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return misuse(cmd, "", "want one NAME, got %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: completeArg(schema.Names),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := schema.Packs
			if len(args) == 1 {
				name = args[0]
			}
			return runSchema(a.out, cmd, name)
		},
	}
}

func runSchema(w io.Writer, cmd *cobra.Command, name string) error {
	text, err := schema.Get(name)
	if err != nil {
		return misuse(cmd, suggest.Nearest(name, schema.Names()), "there is no schema %q: there are %s", name, strings.Join(schema.Names(), ", "))
	}
	_, err = fmt.Fprintf(w, "%s\n", strings.TrimRight(string(text), "\n"))
	return err
}

// completeArg offers values for the one argument of a command.
func completeArg(values func() []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return values(), cobra.ShellCompDirectiveNoFileComp
	}
}

// schemaList are the names of all schemas, in lines as wide as the text around.
func schemaList() string {
	lines := []string{""}
	for i, name := range schema.Names() {
		if i < len(schema.Names())-1 {
			name += ","
		}
		if last := &lines[len(lines)-1]; *last == "" {
			*last = name
		} else if len(*last)+1+len(name) <= 78 {
			*last += " " + name
		} else {
			lines = append(lines, name)
		}
	}
	return strings.Join(lines, "\n")
}
