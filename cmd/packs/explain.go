package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/lint"
)

func newExplainCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Tell more about a rule of validate",
		Long: `explain prints what a rule of validate looks for, why, and what is wrong and
right as examples, in Markdown. ` + "`" + a.name + " validate --list-rules`" + ` lists the rules.`,
		Example:           a.examples("packs explain values-structure"),
		Args:              oneArg("RULE"),
		ValidArgsFunction: completeArg(completeRules),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, ok := lint.Explain(args[0])
			if !ok {
				return misuse(cmd, lint.Nearest(args[0]), "there is no rule %q; `%s validate --list-rules` lists them", args[0], a.name)
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
