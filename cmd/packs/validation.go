package main

import (
	"context"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

// validation is one run of validate: what is checked, and what was found.
type validation struct {
	*app
	options *validateOptions
	args    []string // paths
	mended  int      // how often files were, before this run

	read     *manifest.Catalog // nil where there is none, or it is wrong
	subjects []subject
	config   lint.Config
	problems []manifest.Problem // that packs.yaml has with packs: the linter knows most of them, too
	findings []lint.Finding
	faults   []render.Fault // of registries
	codes    []int
}

// subject is a pack to check.
type subject struct {
	lint.Input
	name, version string // empty where pack.json is wrong
}

// collect finds out what to check.
func (v *validation) collect(ctx context.Context) error {
	var err error
	if len(v.args) > 0 {
		err = v.paths()
	} else {
		err = v.catalog()
	}
	if err == nil && v.options.since != "" {
		err = v.narrow(ctx)
	}
	if err == nil && v.options.options.Shard.Count > 1 {
		v.keepShard()
	}
	return err
}

// run checks what was collected.
func (v *validation) run(ctx context.Context) error {
	if v.options.online {
		if err := v.askRegistries(ctx); err != nil {
			return err
		}
	}
	if v.options.images {
		defer v.checkImages()()
	}
	found, err := v.lint(ctx)
	if err != nil {
		return err
	}
	if v.options.fix {
		mended, err := v.mend(found)
		if err != nil {
			return err
		}
		if mended {
			return v.again(ctx)
		}
	}
	v.tell(found)
	return nil
}

// maxMended is how often a run mends: an edit may bring to light what another
// can be made for, as when a key gets the name that its values are checked by.
const maxMended = 5

// again checks everything anew once files were mended: what packs.yaml had
// against them may be gone, too.
func (v *validation) again(ctx context.Context) error {
	o := *v.options
	o.fix = v.mended < maxMended-1
	fresh := &validation{app: v.app, options: &o, args: v.args, mended: v.mended + 1}
	if err := fresh.collect(ctx); err != nil {
		return err
	}
	*v = *fresh
	return v.run(ctx)
}

func (v *validation) lint(ctx context.Context) ([]lint.Finding, error) {
	inputs := make([]lint.Input, len(v.subjects))
	for i := range v.subjects {
		inputs[i] = v.subjects[i].Input
	}
	result, err := lint.Run(ctx, inputs, v.config)
	if err != nil && ctx.Err() == nil {
		return nil, exit(err, exitInput)
	}
	return result.Findings, err
}

// failure is what went wrong beside what was found.
func (v *validation) failure() error {
	if len(v.faults) == 0 {
		return nil
	}
	return &faultsError{v.faults}
}
