package main

import (
	"fmt"
	"slices"

	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/manifest"
)

// writePolicy prints one of the documents of --iam-policy.
func (a *app) writePolicy(c *manifest.Catalog, chosen []*manifest.Registry, kind string) error {
	chosen = slices.DeleteFunc(chosen, func(r *manifest.Registry) bool { return r.Type != manifest.TypeECR })
	if len(chosen) == 0 {
		return &usageError{message: "--iam-policy: no registry of type ecr is chosen"}
	}
	chosen = a.withRegions(chosen)
	var p *ecr.Policy
	switch kind {
	case policyPublisher:
		p = ecr.PublisherPolicy(chosen, ecr.Uses{Prune: deletes(c)})
	case policyPalette:
		p = ecr.PalettePolicy(chosen)
		a.notice("the trust policy of a role for Palette: `%s doctor --iam-policy=palette-trust`", a.name)
	case policyPaletteTrust:
		p = a.trustPolicy(chosen)
	case policyAssume:
		if p = ecr.AssumePolicy(chosen); p == nil {
			return &usageError{message: "--iam-policy=assume: no registry has aws: {roleArn: …}"}
		}
	default:
		return &usageError{message: fmt.Sprintf("--iam-policy=%s: want publisher, palette, palette-trust or assume", kind)}
	}
	text, err := p.JSON()
	if err != nil {
		return err
	}
	_, err = a.out.Write(text)
	return err
}

// withRegions gives registries without a region the one of the environment, which
// they will be in.
func (a *app) withRegions(registries []*manifest.Registry) []*manifest.Registry {
	region := ""
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if value, ok := a.env(name); ok && region == "" {
			region = value
		}
	}
	out := make([]*manifest.Registry, 0, len(registries))
	for _, r := range registries {
		if r.ECR.Region == "" && r.Host == "" {
			registry, settings := *r, *r.ECR
			settings.Region, registry.ECR = region, &settings
			r = &registry
		}
		out = append(out, r)
	}
	return out
}

// trustPolicy is for the first registry that tells how Palette logs in. What
// only Palette knows has a name in its place.
func (a *app) trustPolicy(chosen []*manifest.Registry) *ecr.Policy {
	const account = "PALETTE_ACCOUNT_ID"
	of, externalID := chosen[0], "PALETTE_EXTERNAL_ID"
	for _, r := range chosen {
		if r.Palette == nil || r.Palette.Credentials == nil {
			continue
		}
		id := r.Palette.Credentials.ExternalID
		if name := r.Palette.Credentials.ExternalIDEnv; id == "" && name != "" {
			id, _ = a.env(name)
		}
		if id != "" {
			of, externalID = r, id
			break
		}
	}
	a.notice("put the account ID of Palette in for %s; Palette shows it, and the external ID, where the registry is added", account)
	return ecr.TrustPolicy(account, externalID, of)
}
