package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/packs-cli/packs/manifest"
)

// globalFlags are those of every command.
type globalFlags struct {
	noColor bool
	quiet   bool
	verbose int
	profile profile
}

func (f *globalFlags) add(fs *pflag.FlagSet) {
	fs.BoolVar(&f.noColor, "no-color", false, "no colours, whatever the terminal can do (as NO_COLOR does)")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no progress and no notices on stderr; results and errors are shown")
	fs.StringVar(&f.profile.dir, "profile", "", "write profiles of the run into `DIR`")
	_ = fs.MarkHidden("profile") // it was added a line above
	fs.CountVarP(&f.verbose, "verbose", "v", "say more on stderr: -v steps, -vv details, -vvv every HTTP request")
}

// catalogFlags say which packs.yaml is read, and how.
type catalogFlags struct {
	file         string
	allowEnv     []string
	allowOutside bool
}

// defaultCatalog is the catalog where -f names none.
const defaultCatalog = "packs.yaml"

func (f *catalogFlags) add(fs *pflag.FlagSet) {
	fs.StringVarP(&f.file, "file", "f", defaultCatalog, "the catalog `FILE`")
	fs.StringArrayVar(&f.allowEnv, "allow-env", nil, "let ${`NAME`} use this variable although it looks like a secret (repeatable)")
	fs.BoolVar(&f.allowOutside, "allow-outside", false, "let packs and layouts lie outside the git work tree")
}

func (f *catalogFlags) loadOptions(a *app) manifest.LoadOptions {
	return manifest.LoadOptions{Env: a.env, AllowEnv: f.allowEnv, AllowOutside: f.allowOutside}
}

// selectFlags narrow a run to some registries and packs.
type selectFlags struct {
	registries []string
	packs      []string
}

func (f *selectFlags) add(a *app, cmd *cobra.Command, catalog *catalogFlags) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.registries, "registry", nil, "only this registry; `NAME` may be a glob (repeatable)")
	fs.StringArrayVar(&f.packs, "pack", nil, "only this pack; `NAME[@RANGE]`, NAME may be a glob (repeatable)")
	completeRegistries(a, cmd, catalog)
	completePacks(a, cmd, catalog)
}

// formatFlag is -o: one of the formats that a command can write.
type formatFlag struct {
	value   string
	formats []string
}

func (f *formatFlag) add(cmd *cobra.Command, formats ...string) {
	f.value, f.formats = "text", append([]string{"text"}, formats...)
	cmd.Flags().VarP(f, "output", "o", "`FORMAT` of the result: "+f.list())
	complete(cmd, "output", func() []string { return f.formats })
}

func (f *formatFlag) list() string {
	last := len(f.formats) - 1
	return strings.Join(f.formats[:last], ", ") + " or " + f.formats[last]
}

// String returns the format.
func (f *formatFlag) String() string { return f.value }

// Type names the kind of value in usage texts.
func (f *formatFlag) Type() string { return "format" }

// Set checks and keeps a format.
func (f *formatFlag) Set(v string) error {
	if !slices.Contains(f.formats, v) {
		return &usageError{message: "want " + f.list()}
	}
	f.value = v
	return nil
}
