package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// The groups of commands in the help.
const (
	groupPublish = "publish"
	groupLook    = "look"
	groupOther   = "other"
)

// The help shows commands in the order of use. The setting is cobra's own, and
// one for the whole process.
func init() { cobra.EnableCommandSorting = false }

func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "packs",
		Short: "Publish Palette packs to OCI registries from one packs.yaml",
		Long: `packs publishes a catalog of Palette packs to any number of OCI registries from
one reviewed file, packs.yaml.

It compares the packs in your repository with what the registries hold, shows
what it would do, and does it: what is there with the same content is left
alone, what is there with other content is never replaced without a word from
you. Run it as often as you like.`,
		Example: a.examples(
			"packs init                    # find packs, write packs.yaml",
			"packs validate                # check packs.yaml and the packs",
			"packs plan                    # what would be published where",
			"packs apply                   # publish it",
		),
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: a.name},
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := keepInputs(cmd, args); err != nil {
				return err
			}
			a.limitTime(cmd)
			return a.global.profile.start()
		},
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 80 "))
	a.global.add(root.PersistentFlags())
	root.AddGroup(
		&cobra.Group{ID: groupPublish, Title: "Publishing:"},
		&cobra.Group{ID: groupLook, Title: "Looking:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupPublish, newInitCmd(a), newValidateCmd(a), newPlanCmd(a), newApplyCmd(a), newPruneCmd(a), newCopyCmd(a), newBundleCmd(a), newPaletteCmd(a))
	add(groupPublish, newNewCmd(a), newBumpCmd(a))
	add(groupLook, newVerifyCmd(a), newDiffCmd(a), newListCmd(a), newShowCmd(a), newReportCmd(a), newPullCmd(a), newDoctorCmd(a))
	add(groupOther, newLoginCmd(a), newLogoutCmd(a), newExplainCmd(a), newSchemaCmd(a), newPluginCmd(a), newCompletionCmd(a), newVersionCmd(a))
	help := newHelpCmd()
	root.SetHelpCommand(help)
	help.GroupID = groupOther
	return root
}

// examples indents examples and names the program as it was called.
func (a *app) examples(lines ...string) string {
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(l, "packs "); ok {
			l = a.name + " " + rest
		}
		lines[i] = "  " + l
	}
	return strings.Join(lines, "\n")
}

func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, _, err := cmd.Root().Find(args)
			if err != nil {
				return checkCommand(cmd.Root(), args)
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}
