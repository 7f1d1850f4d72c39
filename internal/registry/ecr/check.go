package ecr

import (
	"context"
	"fmt"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.Checker = (*Registry)(nil)

// maxSkew is how wrong a clock may be before it is told. AWS refuses requests
// that are five minutes off; the SDK corrects that by itself, other tools do not.
const maxSkew = time.Minute

// Check finds out about the login, the clock, and each permission that
// publishing needs. It changes nothing: it asks for things in a repository that
// does not exist, and AWS refuses what is not allowed before it looks. What
// would change something is told as unknown.
func (r *Registry) Check(ctx context.Context) (registry.Findings, error) {
	var found registry.Findings
	h, err := r.connect(ctx)
	if err != nil {
		return found, err
	}
	skew, err := r.skew(ctx, h)
	if err != nil {
		return found, err
	}
	if skew.Abs() > maxSkew {
		found.Wrong = append(found.Wrong, fmt.Sprintf("the clock of this machine is %s off that of AWS: set it (NTP)", skew.Abs().Round(time.Second)))
	}
	b, err := r.newBench(ctx, h)
	if err != nil {
		return found, err
	}
	denied, err := b.run(ctx)
	for _, p := range denied {
		p.Resource = strings.Replace(p.Resource, noRepository, "/*", 1) // a policy is for those that there will be
		found.Wrong = append(found.Wrong, p.Error()+": "+p.Hint())
	}
	found.Unknown = b.unknown()
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
