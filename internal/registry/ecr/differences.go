package ecr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
)

// Differences compares the settings of repositories with packs.yaml.
func (r *Registry) Differences(ctx context.Context, repositories []string) (map[string][]registry.Difference, error) {
	h, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	want, err := r.settings()
	if err != nil {
		return nil, &registry.Error{Op: "compare the settings of repositories in", Ref: r.ref(h, ""), Err: err}
	}
	if want.none() {
		return map[string][]registry.Difference{}, nil
	}
	all, err := r.listing.get(ctx, r)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	out := make(map[string][]registry.Difference)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(apiConcurrency)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(repositories))) {
		held, there := all[name]
		if !there {
			continue
		}
		g.Go(func() error {
			diffs, err := r.compare(ctx, h, &held, want)
			if len(diffs) > 0 {
				mu.Lock()
				out[name] = diffs
				mu.Unlock()
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// compare asks for what the description of a repository does not hold, as far
// as packs.yaml wishes something there.
func (r *Registry) compare(ctx context.Context, h *home, held *types.Repository, want *settings) ([]registry.Difference, error) {
	out := want.compare(held)
	where := r.ref(h, aws.ToString(held.RepositoryName))
	if len(want.spec.Tags) > 0 {
		err := r.session.call(ctx, "list the tags of", where, func(ctx context.Context, c *ecr.Client) error {
			tags, err := c.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: held.RepositoryArn})
			if err == nil {
				out = append(out, want.compareTags(tags.Tags)...)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, p := range r.policies(held.RepositoryName, want) {
		if p.want == "" {
			continue
		}
		have := ""
		err := r.session.call(ctx, "read the "+p.words+" of", where, func(ctx context.Context, c *ecr.Client) (err error) {
			have, err = p.read(ctx, c)
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case have == "":
			out = append(out, registry.Difference{Setting: p.setting, Want: "as in the file"})
		case !sameDocument(have, p.want):
			out = append(out, registry.Difference{Setting: p.setting, Have: "another policy", Want: "as in the file"})
		}
	}
	return out, nil
}

// policyKind is one of the two policies of a repository.
type policyKind struct {
	setting, words, want string
	read                 func(context.Context, *ecr.Client) (string, error) // "" where there is none
}

func (r *Registry) policies(repository *string, want *settings) []policyKind {
	return []policyKind{
		{"lifecyclePolicyFile", "lifecycle policy", want.lifecycle, func(ctx context.Context, c *ecr.Client) (string, error) {
			out, err := c.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: repository, RegistryId: r.registryID()})
			var none *types.LifecyclePolicyNotFoundException
			if errors.As(err, &none) {
				return "", nil
			}
			if err != nil {
				return "", err
			}
			return aws.ToString(out.LifecyclePolicyText), nil
		}},
		{"policyFile", "policy", want.policy, func(ctx context.Context, c *ecr.Client) (string, error) {
			out, err := c.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: repository, RegistryId: r.registryID()})
			var none *types.RepositoryPolicyNotFoundException
			if errors.As(err, &none) {
				return "", nil
			}
			if err != nil {
				return "", err
			}
			return aws.ToString(out.PolicyText), nil
		}},
	}
}

// UpdateRepository changes what differs and can be changed.
func (r *Registry) UpdateRepository(ctx context.Context, repository string) error {
	diffs, err := r.Differences(ctx, []string{repository})
	if err != nil || len(diffs[repository]) == 0 {
		return err
	}
	h, err := r.connect(ctx)
	if err != nil {
		return err
	}
	want, err := r.settings()
	if err != nil {
		return err
	}
	u := update{r: r, home: h, repository: repository, want: want}
	defer r.listing.forget()
	for _, d := range diffs[repository] {
		if d.Fixed {
			continue
		}
		if err := u.apply(ctx, d.Setting); err != nil {
			return err
		}
	}
	return nil
}

// update changes settings of one repository.
type update struct {
	r          *Registry
	home       *home
	repository string
	want       *settings
	policies   bool // both were written already,
	tags       bool // all were
}

func (u *update) apply(ctx context.Context, setting string) error {
	where := u.r.ref(u.home, u.repository)
	switch {
	case setting == "tagMutability":
		return u.r.session.call(ctx, "set the tag mutability of", where, func(ctx context.Context, c *ecr.Client) error {
			_, err := c.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{
				RepositoryName: &u.repository, RegistryId: u.r.registryID(), ImageTagMutability: u.want.mutability,
				ImageTagMutabilityExclusionFilters: u.want.filters(),
			})
			return err
		})
	case setting == "scanOnPush":
		return u.r.session.call(ctx, "set scanning on push of", where, func(ctx context.Context, c *ecr.Client) error {
			_, err := c.PutImageScanningConfiguration(ctx, &ecr.PutImageScanningConfigurationInput{
				RepositoryName: &u.repository, RegistryId: u.r.registryID(),
				ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true},
			})
			return err
		})
	case strings.HasPrefix(setting, "tags.") && !u.tags:
		u.tags = true
		return u.r.session.call(ctx, "tag", where, func(ctx context.Context, c *ecr.Client) error {
			_, err := c.TagResource(ctx, &ecr.TagResourceInput{ResourceArn: aws.String(u.r.arn(u.home, u.repository)), Tags: u.want.tags()})
			return err
		})
	case strings.HasSuffix(setting, "olicyFile") && !u.policies:
		u.policies = true
		return u.r.setPolicies(ctx, u.home, u.repository, u.want)
	}
	return nil
}
