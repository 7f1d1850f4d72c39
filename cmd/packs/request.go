package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// add adds the flags of every command that looks at registries.
func (q *request) add(a *app, cmd *cobra.Command) {
	q.addSelection(a, cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&q.options.Overwrite, "overwrite", nil, "replace this version although its content differs; `NAME@VERSION`, exactly (repeatable)")
	fs.BoolVar(&q.options.RepairShape, "repair-shape", false, "publish again what is there with the same content but in a form that Palette ignores")
	fs.BoolVar(&q.options.UpdateRepositories, "update-repositories", false, "give existing repositories the settings of packs.yaml")
	addShard(fs, &q.options.Shard)
	complete(cmd, "overwrite", func() []string { return completeVersions(a, &q.catalogFlags) })
}

// addSelection adds the flags of a command that changes nothing.
func (q *request) addSelection(a *app, cmd *cobra.Command) {
	q.catalogFlags.add(cmd.Flags())
	q.selectFlags.add(a, cmd, &q.catalogFlags)
	q.addAccess(cmd.Flags())
}

// addAccess adds the flags of every command that contacts registries.
func (q *request) addAccess(fs *pflag.FlagSet) {
	fs.BoolVar(&q.allowExec, "allow-exec", false, "let packs.yaml run programs that print credentials")
	fs.BoolVar(&q.noCache, "no-cache", false, "forget what earlier runs learnt of folders and registries, and remember nothing")
	q.patience.add(fs)
}

// cacheDir is where runs remember what they learnt: PACKS_CACHE_DIR, or packs in
// the user's cache folder. "" means nowhere.
func (a *app) cacheDir() string {
	if dir, ok := a.env("PACKS_CACHE_DIR"); ok && dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "" // no home: every run learns anew
	}
	return filepath.Join(dir, "packs")
}

var nameAtVersion = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// check looks at the values of flags before anything else is done.
func (q *request) check() error {
	for _, o := range q.options.Overwrite {
		if !nameAtVersion.MatchString(o) {
			return &usageError{message: fmt.Sprintf("--overwrite %s: want NAME@VERSION, exactly as in pack.json", o)}
		}
	}
	return nil
}
