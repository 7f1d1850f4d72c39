package ecr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/registry"
)

var (
	_ registry.Deleter           = (*Registry)(nil)
	_ registry.RepositoryDeleter = (*Registry)(nil)
	_ registry.PushTimer         = (*Registry)(nil)
)

const opDelete = "delete"

// maxBatch is how many images one BatchDeleteImage takes.
const maxBatch = 100

// Delete takes a tag away by BatchDeleteImage: by tag, which leaves an image
// alone that has others, and deletes it with its last one. An immutable tag can
// be deleted, too. See registry.Deleter.
func (r *Registry) Delete(ctx context.Context, d registry.Deletion) error {
	h, err := r.connect(ctx)
	if err != nil {
		return err
	}
	ref := r.ref(h, d.Repository) + ":" + d.Tag
	image, err := r.image(ctx, ref, &d)
	if err != nil {
		return err
	}
	if now := digest.Digest(aws.ToString(image.ImageDigest)); now != d.Digest {
		return &registry.Error{Op: opDelete, Ref: ref, Err: fmt.Errorf("%w: %s, not %s", registry.ErrMoved, now, d.Digest)}
	}
	var along []types.ImageIdentifier
	if last := !slices.ContainsFunc(image.ImageTags, func(tag string) bool { return tag != d.Tag }); last {
		if along, err = r.belongings(ctx, &d); err != nil {
			return err
		}
	}
	// What belongs to the image goes first, so that a run which was cut short finds it again by the version.
	for batch := range slices.Chunk(along, maxBatch) {
		if err := r.deleteImages(ctx, ref, d.Repository, batch); err != nil && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
	}
	return r.deleteImages(ctx, ref, d.Repository, []types.ImageIdentifier{{ImageTag: &d.Tag}})
}

// belongings are the sidecars and the referrers of an image.
func (r *Registry) belongings(ctx context.Context, d *registry.Deletion) ([]types.ImageIdentifier, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return nil, err
	}
	var all []types.ImageIdentifier
	if lister, ok := inner.(interface {
		ReferrerDigests(ctx context.Context, repository string, subject digest.Digest) ([]string, error)
	}); ok {
		digests, err := lister.ReferrerDigests(ctx, d.Repository, d.Digest)
		if err != nil {
			return nil, r.refused(err)
		}
		for _, s := range digests {
			all = append(all, types.ImageIdentifier{ImageDigest: aws.String(s)})
		}
	}
	for _, tag := range d.Sidecars {
		all = append(all, types.ImageIdentifier{ImageTag: aws.String(tag)})
	}
	return all, nil
}

// image describes the image that a tag names.
func (r *Registry) image(ctx context.Context, ref string, d *registry.Deletion) (image *types.ImageDetail, err error) {
	err = r.session.call(ctx, opDelete, ref, func(ctx context.Context, c *ecr.Client) error {
		out, err := c.DescribeImages(ctx, &ecr.DescribeImagesInput{
			RepositoryName: &d.Repository, RegistryId: r.registryID(), ImageIds: []types.ImageIdentifier{{ImageTag: &d.Tag}},
		})
		if err != nil {
			return err
		}
		if len(out.ImageDetails) != 1 {
			return fmt.Errorf("%w: one image was asked for, %d are described", registry.ErrCorrupt, len(out.ImageDetails))
		}
		image = &out.ImageDetails[0]
		return nil
	})
	return image, notThere(err)
}

// notThere gives the errors of things that are not there their meaning.
func notThere(err error) error {
	var noImage *types.ImageNotFoundException
	var noRepository *types.RepositoryNotFoundException
	var e *registry.Error
	switch {
	case !errors.As(err, &e):
	case errors.As(err, &noImage):
		e.Err = &causeError{meaning: registry.ErrNotFound, err: e.Err}
	case errors.As(err, &noRepository):
		e.Err = &causeError{meaning: errors.Join(registry.ErrNotFound, registry.ErrNoRepository), err: e.Err}
	}
	return err
}

// deleteImages deletes up to maxBatch tags or images. The reply lists those that
// were not, each with its reason.
func (r *Registry) deleteImages(ctx context.Context, ref, repository string, ids []types.ImageIdentifier) error {
	var failures []types.ImageFailure
	err := r.session.call(ctx, opDelete, ref, func(ctx context.Context, c *ecr.Client) error {
		out, err := c.BatchDeleteImage(ctx, &ecr.BatchDeleteImageInput{RepositoryName: &repository, RegistryId: r.registryID(), ImageIds: ids})
		if err == nil {
			failures = out.Failures
		}
		return err
	})
	if err != nil {
		return notThere(err)
	}
	var errs []error
	for i := range failures {
		errs = append(errs, r.imageFailure(ref, &failures[i]))
	}
	// One that was not found is no news beside another failure.
	if others := slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return errors.Is(err, registry.ErrNotFound) }); len(others) > 0 {
		return errors.Join(others...)
	}
	return errors.Join(errs...)
}

// imageFailure words one failure of a batch.
func (r *Registry) imageFailure(ref string, f *types.ImageFailure) error {
	e := &registry.Error{Op: opDelete, Ref: ref}
	api := &apiError{code: r.session.clean(string(f.FailureCode), ""), message: r.session.clean(aws.ToString(f.FailureReason), "")}
	e.Err = api
	switch f.FailureCode {
	case types.ImageFailureCodeImageNotFound:
		e.Err = &causeError{meaning: registry.ErrNotFound, err: api}
	case types.ImageFailureCodeImageTagDoesNotMatchDigest:
		e.Err = &causeError{meaning: registry.ErrMoved, err: api}
	case types.ImageFailureCodeImageReferencedByManifestList:
		e.Err = &causeError{meaning: registry.ErrReferenced, err: api}
		e.Hint = "a manifest list in the repository names the image: delete that first"
	case types.ImageFailureCodeKmsError:
		e.Hint = "check that the key of the repository is enabled, and that its policy lets these credentials and Amazon ECR use it"
	}
	return e
}

// DeleteRepository deletes a repository that holds no image, with or without a
// tag: ECR refuses it otherwise. See registry.RepositoryDeleter.
func (r *Registry) DeleteRepository(ctx context.Context, repository string) error {
	h, err := r.connect(ctx)
	if err != nil {
		return err
	}
	err = r.session.call(ctx, "delete repository", r.ref(h, repository), func(ctx context.Context, c *ecr.Client) error {
		_, err := c.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: &repository, RegistryId: r.registryID()})
		return err
	})
	var noRepository *types.RepositoryNotFoundException
	var notEmpty *types.RepositoryNotEmptyException
	var e *registry.Error
	switch {
	case errors.As(err, &noRepository):
		return nil
	case errors.As(err, &notEmpty) && errors.As(err, &e):
		e.Err = &causeError{meaning: registry.ErrNotEmpty, err: e.Err}
		e.Hint = "it holds images without a tag; a lifecycle policy takes those away"
		return err
	case err == nil:
		r.listing.forget()
	}
	return err
}

// PushTimes tells when the images behind the tags of a repository were pushed:
// ECR knows no time of a tag itself. See registry.PushTimer.
func (r *Registry) PushTimes(ctx context.Context, repository string) (map[string]time.Time, error) {
	h, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	times := make(map[string]time.Time)
	err = r.session.call(ctx, "ask for push times in", r.ref(h, repository), func(ctx context.Context, c *ecr.Client) error {
		clear(times)
		pages := ecr.NewDescribeImagesPaginator(c, &ecr.DescribeImagesInput{
			RepositoryName: &repository, RegistryId: r.registryID(), MaxResults: aws.Int32(maxPage),
			Filter: &types.DescribeImagesFilter{TagStatus: types.TagStatusTagged},
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for i := range page.ImageDetails {
				image := &page.ImageDetails[i]
				for _, tag := range image.ImageTags {
					if image.ImagePushedAt != nil {
						times[tag] = *image.ImagePushedAt
					}
				}
			}
		}
		return nil
	})
	if errors.Is(notThere(err), registry.ErrNoRepository) {
		return map[string]time.Time{}, nil
	}
	return times, err
}
