package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/manifest"
)

// complete offers values for a flag to shells.
func complete(cmd *cobra.Command, flag string, values func() []string) {
	// The error would be that the flag is unknown or completed twice: tests complete every one.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
}

// completeRegistries offers the registries of packs.yaml for --registry.
func completeRegistries(a *app, cmd *cobra.Command, f *catalogFlags) {
	complete(cmd, "registry", func() []string {
		c := loadForCompletion(a, f)
		all := make([]string, 0, len(c.Registries))
		for i := range c.Registries {
			all = append(all, c.Registries[i].Name+"\t"+string(c.Registries[i].Type))
		}
		return all
	})
}

// completePacks offers the packs of packs.yaml for --pack.
func completePacks(a *app, cmd *cobra.Command, f *catalogFlags) {
	complete(cmd, "pack", func() []string {
		c := loadForCompletion(a, f)
		all := make([]string, 0, len(c.Packs))
		for i := range c.Packs {
			all = append(all, c.Packs[i].Name)
		}
		return slices.Compact(all)
	})
}

// completeVersions offers NAME@VERSION of every pack of packs.yaml.
func completeVersions(a *app, f *catalogFlags) []string {
	c := loadForCompletion(a, f)
	all := make([]string, 0, len(c.Packs))
	for i := range c.Packs {
		all = append(all, c.Packs[i].Name+"@"+c.Packs[i].Version)
	}
	return all
}

// loadForCompletion reads packs.yaml as far as it can be read: a shell wants no
// error messages.
func loadForCompletion(a *app, f *catalogFlags) *manifest.Catalog {
	o := f.loadOptions(a)
	o.Validate = true
	c, err := manifest.Load(f.file, o)
	if c == nil || err != nil && len(c.Packs) == 0 {
		return &manifest.Catalog{}
	}
	return c
}
