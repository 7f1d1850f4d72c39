package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/plugin"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

func newPluginCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Look at the plugins on PATH",
		Long: `A plugin is an executable packs-NAME in a folder of PATH: typing packs NAME runs
it with the arguments that follow. NAME may be several words, joined by dashes;
a dash within a word is an underscore in the file's name. The longest match
wins, then the earlier folder of PATH. A plugin never takes the place of a
command of packs itself.`,
		Example: a.examples("packs plugin list"),
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPluginListCmd(a))
	return cmd
}

func newPluginListCmd(a *app) *cobra.Command {
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the plugins on PATH",
		Long: `list shows every plugin in the order of PATH, and warns of those that are never
run: not executable, behind another one of the same name, or named like a
command of packs.`,
		Example: a.examples("packs plugin list", "packs plugin list -o json"),
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPluginList(a, cmd.Root(), format.value)
		},
	}
	format.add(cmd, "json", "yaml")
	return cmd
}

// pluginList is the result of plugin list for programs.
type pluginList struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Plugins    []plugin.Plugin `json:"plugins"`
}

func runPluginList(a *app, root *cobra.Command, format string) error {
	path, _ := a.env("PATH")
	all := plugin.List(path, func(word string) bool {
		found, _, err := root.Find([]string{word})
		return err == nil && found != root
	})
	switch format {
	case "json":
		return render.JSON(a.out, pluginList{plan.APIVersion, "PluginList", all})
	case "yaml":
		return render.YAML(a.out, pluginList{plan.APIVersion, "PluginList", all})
	}
	if len(all) == 0 {
		a.notice("no plugins: there is no executable packs-NAME on PATH")
	}
	for _, p := range all {
		text := render.Clean(a.name+" "+strings.Join(p.Command, " ")+"  "+p.Path) + "\n"
		for _, w := range p.Warnings {
			text += "  warning: " + render.Clean(w) + "\n"
		}
		if _, err := io.WriteString(a.out, text); err != nil {
			return err
		}
	}
	return nil
}

// runPlugin runs the plugin that a command line calls, where packs itself has
// no such command. ran is false where there is none.
func (a *app) runPlugin(ctx context.Context, root *cobra.Command, args []string) (ran bool, err error) {
	root.InitDefaultHelpCmd()
	if _, _, err := root.Find(args); err == nil {
		return false, nil
	}
	path, _ := a.env("PATH")
	program, rest, ok := plugin.Find(path, args)
	if !ok {
		return false, nil
	}
	code, err := plugin.Run(ctx, program, rest, os.Environ(), a.in, a.out, a.err)
	if err != nil {
		return true, fmt.Errorf("%w: `%s plugin list` shows what is there", err, a.name)
	}
	if code == exitDone {
		return true, nil
	}
	return true, &exitError{code: code} // the plugin said why
}
