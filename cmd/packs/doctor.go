package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/doctor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

type doctorOptions struct {
	catalogFlags
	registries []string
	allowExec  bool
	policy     string
}

// The documents of --iam-policy.
const (
	policyPublisher    = "publisher"
	policyPalette      = "palette"
	policyPaletteTrust = "palette-trust"
	policyAssume       = "assume"
)

func newDoctorCmd(a *app) *cobra.Command {
	o := &doctorOptions{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check logins, permissions, certificates and clocks",
		Long: `doctor looks at each registry of packs.yaml: whether it can be reached, where
the login comes from and whether it is taken, its certificate, its clock, and
what else will get in the way of publishing; and its Palette: what the API key may
do, and whether Palette reads what is published. Each mistake comes with its fix.
Nothing is changed anywhere.

--iam-policy prints a policy for Amazon ECR as JSON and contacts nothing:
  publisher      what the credentials of packs need at least (the default)
  palette        what Palette's reader needs
  palette-trust  the trust policy of the role that Palette assumes
  assume         what the credentials need to assume aws.roleArn

Exit codes: 0 all is well, 1 something will get in the way, 3 packs.yaml or a
flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs doctor",
			"packs doctor --registry prod-ecr",
			"packs doctor --iam-policy > publisher.json",
			"packs doctor --iam-policy=palette --registry prod-ecr",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), a, o) },
	}
	fs := cmd.Flags()
	o.add(fs)
	fs.StringArrayVar(&o.registries, "registry", nil, "only this registry; `NAME` may be a glob (repeatable)")
	fs.BoolVar(&o.allowExec, "allow-exec", false, "let packs.yaml run programs that print credentials")
	fs.StringVar(&o.policy, "iam-policy", "", "print a policy for Amazon ECR: publisher, palette, palette-trust or assume")
	fs.Lookup("iam-policy").NoOptDefVal = policyPublisher
	completeRegistries(a, cmd, &o.catalogFlags)
	return cmd
}

func runDoctor(ctx context.Context, a *app, o *doctorOptions) error {
	lo := o.loadOptions(a)
	lo.Registries = o.registries
	c, err := a.load(o.file, lo)
	if err != nil {
		return err
	}
	chosen, err := o.choose(c)
	if err != nil {
		return err
	}
	if o.policy != "" {
		return a.writePolicy(c, chosen, o.policy)
	}
	all, err := doctor.Examine(ctx, chosen, doctor.Options{
		Prune: deletes(c), AllowExec: o.allowExec, Palette: c.Palette, Env: a.env, Now: a.now, UserAgent: "packs/" + toolVersion(), Logger: a.logger(),
	})
	if err != nil {
		return err
	}
	if err := render.Examinations(a.out, a.outStyle(), all); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(x *doctor.Examination) bool { return !x.Healthy() }) {
		return exit(nil, exitFailed)
	}
	return nil
}

// deletes tells whether packs.yaml says anything of deletes.
func deletes(c *manifest.Catalog) bool { return len(c.Retired) > 0 || c.Prune != nil }

// choose returns the registries that the patterns match, or all. A manual one
// is contacted only when it is named in full.
func (o *doctorOptions) choose(c *manifest.Catalog) ([]*manifest.Registry, error) {
	var chosen []*manifest.Registry
	used := make([]bool, len(o.registries))
	for i := range c.Registries {
		r := &c.Registries[i]
		wanted := len(o.registries) == 0
		for k, pattern := range o.registries {
			if ok, err := doublestar.Match(pattern, r.Name); err == nil && ok {
				wanted, used[k] = true, true
			}
		}
		if wanted && (!r.Manual || o.policy != "" || slices.Contains(o.registries, r.Name)) {
			chosen = append(chosen, r)
		}
	}
	if k := slices.Index(used, false); k >= 0 {
		return nil, &usageError{message: fmt.Sprintf("--registry %s: %s has no such registry", o.registries[k], c.File)}
	}
	return chosen, nil
}
