package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
)

// release is set by the linker when a release is built.
var release string

// buildVersion says what this program was built from.
type buildVersion struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Dirty    bool   `json:"dirty,omitempty"` // files differed from the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCmd(a *app) *cobra.Command {
	var format formatFlag
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    `version prints the version of this program, the commit it was built from, and the Go version and platform it was built with.`,
		Example: a.examples("packs version", "packs version -o json"),
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return runVersion(a.out, format.value) },
	}
	format.add(cmd, "json", "yaml")
	return cmd
}

func runVersion(w io.Writer, format string) error {
	v := thisBuild()
	switch format {
	case "json":
		return render.JSON(w, v)
	case "yaml":
		return render.YAML(w, v)
	}
	commit := ""
	if v.Commit != "" {
		commit = " commit " + v.Commit
		if v.Dirty {
			commit += " (changed)"
		}
	}
	_, err := fmt.Fprintf(w, "packs %s%s %s %s\n", v.Version, commit, v.Go, v.Platform)
	return err
}

func thisBuild() buildVersion {
	v := buildVersion{Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v.Version == "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value
			case "vcs.modified":
				v.Dirty = s.Value == "true"
			}
		}
	}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "devel"
	}
	return v
}

// toolVersion is what plans and reports call this program.
func toolVersion() string { return thisBuild().Version }
