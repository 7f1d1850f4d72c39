package ecr

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// HasRepository asks for a manifest that may or may not be there: only where
// the repository is missing the registry says so. It costs no call of the API.
func (r *Registry) HasRepository(ctx context.Context, repository string) (bool, error) {
	_, _, err := r.Manifest(ctx, repository, artifact.Empty().Manifest.Digest.String())
	switch {
	case errors.Is(err, registry.ErrNoRepository):
		return false, nil
	case err == nil, errors.Is(err, registry.ErrNotFound):
		return true, nil
	}
	return false, err
}

// CreateRepository creates a repository with the settings of packs.yaml.
func (r *Registry) CreateRepository(ctx context.Context, repository string) error {
	const op = "create repository"
	home, err := r.connect(ctx)
	if err != nil {
		return err
	}
	want, err := r.settings()
	if err != nil {
		return &registry.Error{Op: op, Ref: r.ref(home, repository), Err: err}
	}
	in := &ecr.CreateRepositoryInput{
		RepositoryName: &repository, RegistryId: r.registryID(), ImageTagMutability: want.mutability,
		ImageTagMutabilityExclusionFilters: want.filters(), EncryptionConfiguration: want.encryption(), Tags: want.tags(),
	}
	if want.spec.ScanOnPush {
		in.ImageScanningConfiguration = &types.ImageScanningConfiguration{ScanOnPush: true}
	}
	err = r.session.call(ctx, op, r.ref(home, repository), func(ctx context.Context, c *ecr.Client) error {
		_, err := c.CreateRepository(ctx, in)
		return err
	})
	var exists *types.RepositoryAlreadyExistsException
	if errors.As(err, &exists) {
		return nil
	}
	if err != nil {
		return err
	}
	r.listing.forget()
	return r.setPolicies(ctx, home, repository, want)
}

// setPolicies writes the policies that packs.yaml names.
func (r *Registry) setPolicies(ctx context.Context, h *home, repository string, want *settings) error {
	if want.lifecycle != "" {
		err := r.session.call(ctx, "set the lifecycle policy of", r.ref(h, repository), func(ctx context.Context, c *ecr.Client) error {
			_, err := c.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{
				RepositoryName: &repository, RegistryId: r.registryID(), LifecyclePolicyText: &want.lifecycle,
			})
			return err
		})
		if err != nil {
			return unfinished(err)
		}
	}
	if want.policy == "" {
		return nil
	}
	err := r.session.call(ctx, "set the policy of", r.ref(h, repository), func(ctx context.Context, c *ecr.Client) error {
		_, err := c.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{
			RepositoryName: &repository, RegistryId: r.registryID(), PolicyText: &want.policy,
		})
		return err
	})
	return unfinished(err)
}

// unfinished says how to go on with a repository that lacks a policy.
func unfinished(err error) error {
	var e *registry.Error
	if errors.As(err, &e) && !strings.Contains(e.Hint, updateFlag) {
		if e.Hint != "" {
			e.Hint += "; "
		}
		e.Hint += "the repository itself is there: afterwards run `packs apply " + updateFlag + "`"
	}
	return err
}

const updateFlag = "--update-repositories"
