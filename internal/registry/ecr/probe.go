package ecr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/manifest"
)

// noRepository is a repository below the base path that nobody has.
const noRepository = "/packs-doctor.asks-for.nothing"

// bench tries the permissions of a registry's credentials.
type bench struct {
	*Registry
	home    *home
	actions []string // of the publisher policy, in its order
	base    bool     // whether the base path repository is there
	upload  string   // a repository in which an upload may be begun; "" for none
	left    []string // actions that were not tried
}

// newBench finds out which probes change nothing here.
func (r *Registry) newBench(ctx context.Context, h *home) (*bench, error) {
	b := &bench{Registry: r, home: h}
	for _, s := range PublisherPolicy([]*manifest.Registry{r.spec}, r.opts.Uses).Statement {
		b.actions = append(b.actions, s.Action...)
	}
	held, err := r.listing.get(ctx, r)
	var denied *PermissionError
	if err != nil && !errors.As(err, &denied) {
		return nil, err
	}
	_, b.base = held[r.spec.Base()]
	safe, err := b.nothingIsMade(ctx)
	switch {
	case err != nil:
		return nil, err
	case safe:
		b.upload = r.spec.Base() + noRepository
	default:
		b.upload = firstPack(held, r.spec.Base())
	}
	return b, nil
}

// firstPack is the first repository of a pack that is there; "" where none is.
func firstPack(held map[string]types.Repository, base string) string {
	for _, name := range slices.Sorted(maps.Keys(held)) {
		if strings.HasPrefix(name, base+"/") {
			return name
		}
	}
	return ""
}

// nothingIsMade tells whether it is sure that an upload to a repository which is
// not there does not make it: a creation template of the registry may say so.
func (b *bench) nothingIsMade(ctx context.Context) (sure bool, err error) {
	sure = true
	err = b.session.call(ctx, "list the creation templates of", b.ref(b.home, ""), func(ctx context.Context, c *ecr.Client) error {
		in := &ecr.DescribeRepositoryCreationTemplatesInput{}
		pages := ecr.NewDescribeRepositoryCreationTemplatesPaginator(c, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for i := range page.RepositoryCreationTemplates {
				sure = sure && !makesOnPush(&page.RepositoryCreationTemplates[i], b.spec.Base())
			}
		}
		return nil
	})
	var api *apiError
	var denied *PermissionError
	if errors.As(err, &denied) || errors.As(err, &api) {
		return false, nil // publishing does not need that right
	}
	return sure && b.registryID() == nil, err // the templates of another account cannot be listed
}

// makesOnPush tells whether a template makes repositories below a base path.
func makesOnPush(t *types.RepositoryCreationTemplate, base string) bool {
	prefix := aws.ToString(t.Prefix)
	return slices.Contains(t.AppliedFor, types.RCTAppliedForCreateOnPush) &&
		(prefix == "ROOT" || strings.HasPrefix(base+"/", strings.TrimSuffix(prefix, "/")+"/"))
}

// run asks for each permission, and returns what is denied in their order.
func (b *bench) run(ctx context.Context) ([]*PermissionError, error) {
	results := make([]*PermissionError, len(b.actions))
	g, ctx := errgroup.WithContext(ctx)
	for i, action := range b.actions {
		try := b.probe(action)
		if try == nil {
			if action != "ecr:GetAuthorizationToken" { // the login showed it
				b.left = append(b.left, action)
			}
			continue
		}
		g.Go(func() error {
			err := b.session.call(ctx, "ask for "+action, b.ref(b.home, ""), try)
			var api *apiError
			if errors.As(err, &results[i]) || err == nil || errors.As(err, &api) {
				return nil // what is not there is no matter
			}
			return err
		})
	}
	err := g.Wait()
	return slices.DeleteFunc(results, func(p *PermissionError) bool { return p == nil }), err
}

// unknown says why actions were not tried.
func (b *bench) unknown() []string {
	var keys, uploads, creates []string
	for _, action := range b.left {
		switch {
		case strings.HasPrefix(action, "kms:"):
			keys = append(keys, action)
		case action == "ecr:CreateRepository":
			creates = append(creates, action)
		default:
			uploads = append(uploads, action)
		}
	}
	var found []string
	if len(creates) > 0 {
		found = append(found, fmt.Sprintf("ecr:CreateRepository can be tried only when %s is there: apply creates it", b.spec.Base()))
	}
	if len(uploads) > 0 {
		found = append(found, fmt.Sprintf("%s can be tried only when the repository of a pack is there, since pushing to a missing one may create it here; ecr:DescribeRepositoryCreationTemplates would tell",
			strings.Join(uploads, ", ")))
	}
	if len(keys) > 0 {
		found = append(found, strings.Join(keys, ", ")+" cannot be tried without creating a repository: Amazon ECR uses the key in the name of these credentials")
	}
	return found
}

// probe returns a call that needs a permission and changes nothing; nil where
// there is none.
func (b *bench) probe(action string) func(context.Context, *ecr.Client) error {
	name, id := aws.String(b.spec.Base()+noRepository), b.registryID()
	const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // of nothing
	image := []types.ImageIdentifier{{ImageDigest: aws.String(digest)}}
	upload := aws.String("00000000-0000-0000-0000-000000000000")
	resource := aws.String(b.arn(b.home, *name))
	switch action {
	case "ecr:BatchGetImage":
		return call(&ecr.BatchGetImageInput{RepositoryName: name, RegistryId: id, ImageIds: image}, (*ecr.Client).BatchGetImage)
	case "ecr:GetDownloadUrlForLayer":
		return call(&ecr.GetDownloadUrlForLayerInput{RepositoryName: name, RegistryId: id, LayerDigest: aws.String(digest)}, (*ecr.Client).GetDownloadUrlForLayer)
	case "ecr:BatchCheckLayerAvailability":
		return call(&ecr.BatchCheckLayerAvailabilityInput{RepositoryName: name, RegistryId: id, LayerDigests: []string{digest}}, (*ecr.Client).BatchCheckLayerAvailability)
	case "ecr:ListImages":
		return call(&ecr.ListImagesInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).ListImages)
	case "ecr:DescribeImages":
		return call(&ecr.DescribeImagesInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).DescribeImages)
	case "ecr:DescribeRepositories":
		return call(&ecr.DescribeRepositoriesInput{RegistryId: id, MaxResults: aws.Int32(1)}, (*ecr.Client).DescribeRepositories)
	case "ecr:InitiateLayerUpload":
		if b.upload == "" {
			return nil
		}
		return call(&ecr.InitiateLayerUploadInput{RepositoryName: &b.upload, RegistryId: id}, (*ecr.Client).InitiateLayerUpload)
	case "ecr:UploadLayerPart":
		return call(&ecr.UploadLayerPartInput{
			RepositoryName: name, RegistryId: id, UploadId: upload, PartFirstByte: aws.Int64(0), PartLastByte: aws.Int64(0), LayerPartBlob: []byte{0},
		}, (*ecr.Client).UploadLayerPart)
	case "ecr:CompleteLayerUpload":
		return call(&ecr.CompleteLayerUploadInput{RepositoryName: name, RegistryId: id, UploadId: upload, LayerDigests: []string{digest}}, (*ecr.Client).CompleteLayerUpload)
	case "ecr:PutImage":
		return call(&ecr.PutImageInput{RepositoryName: name, RegistryId: id, ImageManifest: aws.String("{}")}, (*ecr.Client).PutImage) // no manifest: refused in any case
	case "ecr:ListTagsForResource":
		return call(&ecr.ListTagsForResourceInput{ResourceArn: resource}, (*ecr.Client).ListTagsForResource)
	case "ecr:TagResource":
		return call(&ecr.TagResourceInput{ResourceArn: resource, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}, (*ecr.Client).TagResource)
	case "ecr:GetLifecyclePolicy":
		return call(&ecr.GetLifecyclePolicyInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).GetLifecyclePolicy)
	case "ecr:GetRepositoryPolicy":
		return call(&ecr.GetRepositoryPolicyInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).GetRepositoryPolicy)
	case "ecr:BatchDeleteImage":
		return call(&ecr.BatchDeleteImageInput{RepositoryName: name, RegistryId: id, ImageIds: image}, (*ecr.Client).BatchDeleteImage)
	case "ecr:DeleteRepository":
		return call(&ecr.DeleteRepositoryInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).DeleteRepository)
	case "ecr:PutLifecyclePolicy":
		return call(&ecr.PutLifecyclePolicyInput{RepositoryName: name, RegistryId: id, LifecyclePolicyText: b.policyText(b.spec.ECR.Repository.LifecyclePolicyFile)}, (*ecr.Client).PutLifecyclePolicy)
	case "ecr:SetRepositoryPolicy":
		return call(&ecr.SetRepositoryPolicyInput{RepositoryName: name, RegistryId: id, PolicyText: b.policyText(b.spec.ECR.Repository.PolicyFile)}, (*ecr.Client).SetRepositoryPolicy)
	case "ecr:CreateRepository":
		if b.base {
			return b.probeCreate
		}
	}
	return nil
}

// policyText is a policy to ask with; one that cannot be read is told elsewhere.
func (b *bench) policyText(file string) *string {
	text, err := readPolicy("policy", file)
	if err != nil {
		text = ""
	}
	return aws.String(cmp.Or(text, "{}"))
}

// probeCreate asks for the base path repository, which is there, once more:
// without the right to create one, that is refused; with it, it exists already.
func (b *bench) probeCreate(ctx context.Context, c *ecr.Client) error {
	_, err := c.CreateRepository(ctx, &ecr.CreateRepositoryInput{RegistryId: b.registryID(), RepositoryName: aws.String(b.spec.Base())})
	return err
}

// call makes a probe of an operation and its input.
func call[In, Out any](in *In, op func(*ecr.Client, context.Context, *In, ...func(*ecr.Options)) (*Out, error)) func(context.Context, *ecr.Client) error {
	return func(ctx context.Context, c *ecr.Client) error {
		_, err := op(c, ctx, in)
		return err
	}
}
