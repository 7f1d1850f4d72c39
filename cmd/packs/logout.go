package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/login"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

func newLogoutCmd(a *app) *cobra.Command {
	o := &catalogFlags{}
	cmd := &cobra.Command{
		Use:   "logout REGISTRY|HOST",
		Short: "Forget the login for a registry",
		Long: `logout takes the login for a registry away from where docker and oras keep it:
the credential helper or store that docker's config.json names, else that file.
The registry itself is not told. Credentials in packs.yaml stay.`,
		Example: a.examples(
			"packs logout harbor-site",
			"packs logout ghcr.io",
		),
		Args:              oneArg("REGISTRY or HOST"),
		ValidArgsFunction: completeArg(func() []string { return registryNames(loadForCompletion(a, o)) }),
		RunE:              func(cmd *cobra.Command, args []string) error { return runLogout(cmd, a, o, args[0]) },
	}
	o.add(cmd.Flags())
	return cmd
}

func runLogout(cmd *cobra.Command, a *app, o *catalogFlags, name string) error {
	spec, err := a.findRegistry(o, name)
	if err != nil {
		return err
	}
	if spec.Type == manifest.TypeLayout {
		return &usageError{message: fmt.Sprintf("registry %s is a folder, which has no login", spec.Name)}
	}
	logins := login.New(login.Options{Env: a.env, UserAgent: "packs/" + toolVersion(), Logger: a.logger()})
	host, err := logins.Host(cmd.Context(), spec)
	if err != nil {
		return err
	}
	found, err := logins.Forget(cmd.Context(), host)
	if err != nil {
		return err
	}
	line := host + ": there was no login"
	if found {
		line = host + ": the login is forgotten"
	}
	_, err = io.WriteString(a.out, render.Clean(line)+"\n")
	return err
}
