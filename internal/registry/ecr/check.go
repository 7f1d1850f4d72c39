package ecr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

var _ registry.Checker = (*Registry)(nil)

// maxSkew is how wrong a clock may be before it is told. AWS refuses requests
// that are five minutes off; the SDK corrects that by itself, other tools do not.
const maxSkew = time.Minute

// Check finds out about the login, the clock, and each permission that
// publishing needs. It changes nothing: it asks for things in a repository that
// does not exist, and AWS refuses what is not allowed before it looks.
func (r *Registry) Check(ctx context.Context) ([]string, error) {
	h, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	skew, err := r.skew(ctx, h)
	if err != nil {
		return nil, err
	}
	var found []string
	if skew.Abs() > maxSkew {
		found = append(found, fmt.Sprintf("the clock of this machine is %s off that of AWS: set it (NTP)", skew.Abs().Round(time.Second)))
	}
	denied, err := r.missing(ctx, h)
	for _, p := range denied {
		p.Resource = strings.Replace(p.Resource, noRepository, "/*", 1) // a policy is for those that there will be
		found = append(found, p.Error()+": "+p.Hint())
	}
	return found, err
}

// skew is how far the clock of AWS is ahead of ours.
func (r *Registry) skew(ctx context.Context, h *home) (skew time.Duration, err error) {
	err = r.session.call(ctx, "ask for the registry", r.ref(h, ""), func(ctx context.Context, c *ecr.Client) error {
		out, err := c.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}) // allowed: connect did it, too
		if err != nil {
			return err
		}
		if at, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
			skew = at.Sub(r.opts.Clock.Now())
		}
		return nil
	})
	return skew, err
}

// missing asks for each permission of the publisher policy, in its order.
func (r *Registry) missing(ctx context.Context, h *home) ([]*PermissionError, error) {
	var actions []string
	for _, s := range PublisherPolicy([]*manifest.Registry{r.spec}, Uses{}).Statement {
		actions = append(actions, s.Action...)
	}
	results := make([]*PermissionError, len(actions))
	g, ctx := errgroup.WithContext(ctx)
	for i, action := range actions {
		try := r.probe(h, action)
		if try == nil {
			continue
		}
		g.Go(func() error {
			err := r.session.call(ctx, "ask for "+action, r.ref(h, ""), try)
			var api *apiError
			if errors.As(err, &results[i]) || err == nil || errors.As(err, &api) {
				return nil // what is not there is no matter
			}
			return err
		})
	}
	err := g.Wait()
	var denied []*PermissionError
	for _, p := range results {
		if p != nil {
			denied = append(denied, p)
		}
	}
	return denied, err
}

// noRepository is a repository below the base path that nobody has.
const noRepository = "/packs-doctor.asks-for.nothing"

// probe returns a call that needs a permission and changes nothing; nil where
// there is none.
func (r *Registry) probe(h *home, action string) func(context.Context, *ecr.Client) error {
	name, id := aws.String(r.spec.Base()+noRepository), r.registryID()
	const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // of nothing
	image := []types.ImageIdentifier{{ImageDigest: aws.String(digest)}}
	upload := aws.String("00000000-0000-0000-0000-000000000000")
	resource := aws.String(r.arn(h, *name))
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
		return call(&ecr.InitiateLayerUploadInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).InitiateLayerUpload)
	case "ecr:UploadLayerPart":
		return call(&ecr.UploadLayerPartInput{
			RepositoryName: name, RegistryId: id, UploadId: upload, PartFirstByte: aws.Int64(0), PartLastByte: aws.Int64(0), LayerPartBlob: []byte{0},
		}, (*ecr.Client).UploadLayerPart)
	case "ecr:CompleteLayerUpload":
		return call(&ecr.CompleteLayerUploadInput{RepositoryName: name, RegistryId: id, UploadId: upload, LayerDigests: []string{digest}}, (*ecr.Client).CompleteLayerUpload)
	case "ecr:PutImage":
		return call(&ecr.PutImageInput{RepositoryName: name, RegistryId: id, ImageManifest: aws.String("{}")}, (*ecr.Client).PutImage)
	case "ecr:ListTagsForResource":
		return call(&ecr.ListTagsForResourceInput{ResourceArn: resource}, (*ecr.Client).ListTagsForResource)
	case "ecr:TagResource":
		return call(&ecr.TagResourceInput{ResourceArn: resource, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}, (*ecr.Client).TagResource)
	case "ecr:GetLifecyclePolicy":
		return call(&ecr.GetLifecyclePolicyInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).GetLifecyclePolicy)
	case "ecr:GetRepositoryPolicy":
		return call(&ecr.GetRepositoryPolicyInput{RepositoryName: name, RegistryId: id}, (*ecr.Client).GetRepositoryPolicy)
	case "ecr:CreateRepository":
		return r.probeCreate
	}
	return nil
}

// probeCreate asks for the base path repository once more where it is there:
// without the right to create one, that is refused; with it, it exists already.
func (r *Registry) probeCreate(ctx context.Context, c *ecr.Client) error {
	base := r.spec.Base()
	if _, err := c.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RegistryId: r.registryID(), RepositoryNames: []string{base}}); err != nil {
		return nil //nolint:nilerr // nothing can be told before it is there
	}
	_, err := c.CreateRepository(ctx, &ecr.CreateRepositoryInput{RegistryId: r.registryID(), RepositoryName: &base})
	return err
}

// call makes a probe of an operation and its input.
func call[In, Out any](in *In, op func(*ecr.Client, context.Context, *In, ...func(*ecr.Options)) (*Out, error)) func(context.Context, *ecr.Client) error {
	return func(ctx context.Context, c *ecr.Client) error {
		_, err := op(c, ctx, in)
		return err
	}
}
