package ecr

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// identity is whose credentials are used, and where: what registries must have
// in common to share a login. It is comparable.
type identity struct {
	region, profile, role, externalID, sessionName string
	account                                        string // only with crossAccount: logins for another account
	fips, dualStack                                bool
	tls                                            manifest.TLS
}

func identityOf(r *manifest.Registry) identity {
	e := r.ECR
	id := identity{
		region: e.Region, profile: e.Profile, role: e.RoleARN, externalID: e.ExternalID, sessionName: e.SessionName,
		fips: e.FIPS, dualStack: e.DualStack,
	}
	if h, ok := ecrhost.Parse(r.Host); ok && id.region == "" {
		id.region = h.Region
	}
	if e.CrossAccount {
		id.account = e.Account
	}
	if r.TLS != nil {
		id.tls = *r.TLS
		id.tls.Position = manifest.Position{}
	}
	return id
}

// String says whose credentials they are, for messages.
func (id *identity) String() string {
	switch {
	case id.role != "" && id.profile != "":
		return fmt.Sprintf("role %s (assumed with profile %q)", id.role, id.profile)
	case id.role != "":
		return "role " + id.role
	case id.profile != "":
		return fmt.Sprintf("profile %q", id.profile)
	}
	return "the default AWS credentials"
}

const (
	apiTries       = 8 // of a call of the API: throttling lets up within a few seconds
	apiMaxBackoff  = 20 * time.Second
	connectTries   = 4 // of a call that nobody answers
	apiConcurrency = 8 // calls at once: rates of CreateRepository are not published
)

// load makes a client of the ECR API from the SDK's default chain and what
// packs.yaml says of profile, role and region. It contacts nothing but where
// the chain itself must.
func (id *identity) load(ctx context.Context, o *Options) (*ecr.Client, error) {
	client, err := id.httpClient(o)
	if err != nil {
		return nil, err
	}
	load := []func(*config.LoadOptions) error{
		config.WithAppID("packs"),
		config.WithHTTPClient(client),
		config.WithRetryer(func() aws.Retryer { return newRetryer(o) }),
	}
	if id.region != "" {
		load = append(load, config.WithRegion(id.region))
	}
	if id.profile != "" {
		load = append(load, config.WithSharedConfigProfile(id.profile))
	}
	if id.fips {
		load = append(load, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if id.dualStack {
		load = append(load, config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, append(load, o.AWS...)...)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, errNoRegion
	}
	if id.role != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), id.role, id.assume))
	}
	return ecr.NewFromConfig(cfg), nil
}

func (id *identity) assume(o *stscreds.AssumeRoleOptions) {
	o.RoleSessionName = "packs"
	if id.sessionName != "" {
		o.RoleSessionName = id.sessionName
	}
	if id.externalID != "" {
		o.ExternalID = aws.String(id.externalID)
	}
}

// httpClient trusts and goes the ways that packs.yaml and the environment say;
// AWS_CA_BUNDLE is added by the SDK.
func (id *identity) httpClient(o *Options) (*awshttp.BuildableClient, error) {
	var failed error
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		failed = transport.Configure(t, id.trust(), o.Env)
	})
	return client, failed
}

func (id *identity) trust() *manifest.TLS {
	if id.tls == (manifest.TLS{}) {
		return nil
	}
	return &id.tls
}

// newRetryer tries again what the SDK does, longer, but for what does not pass:
// a quota that is full (LimitExceededException is a throttling error to the
// SDK), and a certificate that is not trusted.
func newRetryer(o *Options) aws.Retryer {
	return retry.NewStandard(func(s *retry.StandardOptions) {
		s.MaxAttempts = apiTries
		if o.Retry.Tries > 0 {
			s.MaxAttempts = o.Retry.Tries
		}
		s.MaxBackoff = apiMaxBackoff
		s.RateLimiter = ratelimit.None // the tries are bounded, and many packs ask at once
		backoff := retry.BackoffDelayer(retry.NewExponentialJitterBackoff(apiMaxBackoff))
		if o.Retry.Base > 0 {
			backoff = retry.BackoffDelayerFunc(o.backoff)
		}
		s.Backoff = retry.BackoffDelayerFunc(func(try int, err error) (time.Duration, error) {
			var api smithy.APIError
			if try >= connectTries && !errors.As(err, &api) {
				return 0, err // nobody answers: no point in going on for long
			}
			return backoff.BackoffDelay(try, err)
		})
		never := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			var api smithy.APIError
			var cert *tls.CertificateVerificationError
			if errors.As(err, &cert) || errors.As(err, &api) && api.ErrorCode() == "LimitExceededException" {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})
		s.Retryables = append([]retry.IsErrorRetryable{never}, s.Retryables...)
	})
}

var errNoRegion = errors.New("no AWS region is known")

// loopbackEndpoint tells whether the API of a client is on this machine: a test
// server, by AWS_ENDPOINT_URL_ECR or AWS_ENDPOINT_URL.
func loopbackEndpoint(c *ecr.Client) bool {
	base := c.Options().BaseEndpoint
	if base == nil {
		return false
	}
	_, ok := ecrhost.Loopback(*base)
	return ok
}
