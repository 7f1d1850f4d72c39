package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/suggest"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for a shell",
		Long: `completion prints a script that makes a shell complete commands, flags, and the
names of packs and registries from packs.yaml. SHELL is bash, zsh, fish or
powershell.`,
		Example: a.examples(
			"packs completion bash > ~/.local/share/bash-completion/completions/packs",
			`packs completion zsh > "${fpath[1]}/_packs"`,
			"packs completion fish > ~/.config/fish/completions/packs.fish",
			"packs completion powershell >> $PROFILE",
		),
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneArg("SHELL")(cmd, args); err != nil {
				return err
			}
			if !slices.Contains(shells, args[0]) {
				return misuse(cmd, suggest.Nearest(args[0], shells), "there is no completion for %q: there are %s", args[0], strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			}
			return root.GenPowerShellCompletionWithDesc(a.out)
		},
	}
}
