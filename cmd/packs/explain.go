package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/docs"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
)

func newExplainCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE|CODE",
		Short: "Tell more about a rule of validate, or the code of an error",
		Long: `explain prints what a rule of validate looks for, why, and what is wrong and
right as examples; or what is behind an error and what to do about it, by the
code in brackets at its end. Both in Markdown.
` + "`" + a.name + " validate --list-rules`" + ` lists the rules.`,
		Example:           a.examples("packs explain values-structure", "packs explain PACKS2003"),
		Args:              oneArg("RULE or CODE"),
		ValidArgsFunction: completeArg(func() []string { return append(completeRules(), render.Codes()...) }),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, ok := docs.Error(strings.ToUpper(args[0]))
			if !ok {
				page, ok = lint.Explain(args[0])
			}
			if !ok {
				return misuse(cmd, lint.Nearest(args[0]), "there is no rule and no code %q; `%s validate --list-rules` lists the rules", args[0], a.name)
			}
			_, err := fmt.Fprint(a.out, page)
			return err
		},
	}
}

// completeRules offers the rules with their summaries to shells.
func completeRules() []string {
	rules := lint.Rules()
	all := make([]string, len(rules))
	for i := range rules {
		all[i] = rules[i].ID + "\t" + rules[i].Summary
	}
	return all
}
