package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

type pullOptions struct {
	request
	format  formatFlag
	dir     string
	archive bool
}

func newPullCmd(a *app) *cobra.Command {
	o := &pullOptions{}
	cmd := &cobra.Command{
		Use:   "pull NAME@VERSION",
		Short: "Fetch a published version",
		Long: `pull fetches one published version into the folder NAME-VERSION, or with
--archive into the file NAME-VERSION.tar.gz as it is in the registry. Every byte
is checked against its digest. Nothing is ever written over: what is there
already is an error, and what cannot be fetched whole is not there at all.`,
		Example: a.examples(
			"packs pull nginx@1.2.0",
			"packs pull nginx@1.2.0 --registry prod-ecr --dir /tmp",
			"packs pull nginx@1.2.0 --archive",
		),
		Args:              oneArg("NAME@VERSION"),
		ValidArgsFunction: completeArg(func() []string { return completeVersions(a, &o.catalogFlags) }),
		RunE:              func(cmd *cobra.Command, args []string) error { return runPull(cmd.Context(), a, o, args[0]) },
	}
	o.catalogFlags.add(cmd.Flags())
	o.format.add(cmd, "json", "yaml")
	fs := cmd.Flags()
	fs.StringArrayVar(&o.registries, "registry", nil, "fetch from this registry; needed where packs.yaml has several (`NAME`)")
	fs.StringVarP(&o.dir, "dir", "d", ".", "the `FOLDER` that gets it")
	fs.BoolVar(&o.archive, "archive", false, "keep the archive rather than its files")
	o.addAccess(fs)
	completeRegistries(a, cmd, &o.catalogFlags)
	return cmd
}

func runPull(ctx context.Context, a *app, o *pullOptions, what string) (err error) {
	name, version, _ := strings.Cut(what, "@")
	if !nameAtVersion.MatchString(what) {
		return &usageError{message: fmt.Sprintf("%s: want NAME@VERSION", what), hint: "as in `packs pull nginx@1.2.0`"}
	}
	o.options.Pulling = true
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	from, err := s.pullFrom(o.registries)
	if err != nil {
		return err
	}
	got, err := s.exec.Pull(ctx, executor.PullRequest{Registry: from, Name: name, Version: version, Dir: o.dir, Archive: o.archive})
	s.progress.Close()
	if err != nil {
		return err
	}
	switch o.format.value {
	case "json":
		return render.JSON(a.out, got)
	case "yaml":
		return render.YAML(a.out, got)
	}
	_, err = io.WriteString(a.out, render.Clean(fmt.Sprintf("%s: %d files, %s, %s", got.Path, got.Files, render.Size(got.Bytes), got.Digest))+"\n")
	return err
}

// pullFrom is the registry to fetch from: the one that was named, or the only one.
func (s *session) pullFrom(named []string) (string, error) {
	if len(named) == 1 {
		return named[0], nil
	}
	var all []string
	for i := range s.catalog.Registries {
		all = append(all, s.catalog.Registries[i].Name)
	}
	if len(named) == 0 && len(all) == 1 {
		return all[0], nil
	}
	return "", &usageError{message: "from which registry? " + s.catalog.File + " has " + strings.Join(all, ", "), hint: "name one with --registry"}
}
