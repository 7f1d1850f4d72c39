package ecr_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// byHostName opens a registry under ECR's own host names: TLS with a private
// CA, through a proxy.
func byHostName(t *testing.T, so ecrtest.Options, change func(*manifest.Registry)) (*ecrtest.Server, *ecr.Registry) {
	t.Helper()
	so.TLS = true
	s := ecrtest.Start(t, so)
	r := spec(dev, region)
	r.TLS = &manifest.TLS{CA: string(s.CA)}
	change(r)
	o := options(t, s, ecrtest.User(dev))
	o.AWS = []func(*config.LoadOptions) error{
		config.WithSharedCredentialsFiles([]string{profiles(t, ecrtest.User(dev))}), config.WithSharedConfigFiles([]string{}),
	}
	o.Retry = transport.RetryPolicy{Tries: 1}
	o.Env = func(name string) (string, bool) { return s.ProxyURL, name == "HTTPS_PROXY" }
	return s, open(t, r, o)
}

func TestHostNames(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		region string
		change func(*manifest.Registry)
		want   string
	}{
		{"plain", region, func(*manifest.Registry) {}, "111111111111.dkr.ecr.us-east-1.amazonaws.com"},
		{"FIPS", region, func(r *manifest.Registry) { r.ECR.FIPS = true }, "111111111111.dkr.ecr-fips.us-east-1.amazonaws.com"},
		{"dual-stack", region, func(r *manifest.Registry) { r.ECR.DualStack = true }, "111111111111.dkr-ecr.us-east-1.on.aws"},
		{"both", region, func(r *manifest.Registry) { r.ECR.FIPS, r.ECR.DualStack = true, true }, "111111111111.dkr-ecr-fips.us-east-1.on.aws"},
		{"host given", region, func(r *manifest.Registry) {
			r.Host, r.ECR.Region, r.ECR.Account = "111111111111.dkr-ecr.us-east-1.on.aws", "", ""
		}, "111111111111.dkr-ecr.us-east-1.on.aws"},
		{"GovCloud", "us-gov-west-1", func(r *manifest.Registry) { r.ECR.Region = "us-gov-west-1" }, "111111111111.dkr.ecr.us-gov-west-1.amazonaws.com"},
		{"China", "cn-north-1", func(r *manifest.Registry) { r.ECR.Region = "cn-north-1" }, "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn"},
		{"European sovereign cloud", "eusc-de-east-1", func(r *manifest.Registry) { r.ECR.Region = "eusc-de-east-1" }, "111111111111.dkr.ecr.eusc-de-east-1.amazonaws.eu"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, r := byHostName(t, ecrtest.Options{Regions: []string{c.region}}, c.change)
			host, err := r.Address(t.Context())
			if err != nil || host != c.want {
				t.Fatalf("address %s, %v, want %s", host, err, c.want)
			}
			push(t, r, "content")
			if err := work(t, r); err != nil {
				t.Error(err)
			}
			if n := s.Count("DescribeRegistry"); n != 0 {
				t.Errorf("the account was asked for %d times, the host name says it", n)
			}
		})
	}
}

func TestSwappedProfileByHostName(t *testing.T) {
	t.Parallel()
	s, r := byHostName(t, ecrtest.Options{}, func(r *manifest.Registry) { r.ECR.Account = prod })
	err := r.CreateRepository(t.Context(), base)
	wantError(t, err, ecr.ErrAccount, prod, dev)
	if n := s.Count(); n != 1 {
		t.Errorf("%d requests, want only that for a token", n)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	_, r := byHostName(t, ecrtest.Options{}, func(r *manifest.Registry) { r.TLS = nil })
	err := r.CreateRepository(t.Context(), base)
	wantError(t, err, registry.ErrCertificate, "CN=ecrtest CA", "api.ecr.us-east-1.amazonaws.com", "tls: {caFile: …}", "AWS_CA_BUNDLE")
}

func TestNoSecretsInErrors(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	var texts []string
	note := func(err error) {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	for _, op := range []string{"BatchGetImage", "CreateRepository", "DescribeRepositories", "InitiateLayerUpload"} {
		_, err := r.HasRepository(t.Context(), base)
		note(err)
		for _, password := range s.Tokens() {
			s.Fail(op, 1, 403, "DENIED", "you sent "+password+" and "+url.QueryEscape(password))
		}
		note(r.CreateRepository(t.Context(), base))
		_, err = r.HasRepository(t.Context(), base)
		note(err)
		_, err = r.Immutable(t.Context(), base, "1")
		note(err)
		_, err = r.Push(t.Context(), base, "1.0.0", pack(t, "nginx", "x"), registry.Hint{})
		note(err)
	}
	if len(texts) < 3 || len(s.Tokens()) == 0 {
		t.Fatalf("%d errors, %d tokens: too few to tell", len(texts), len(s.Tokens()))
	}
	all := strings.Join(texts, "\n")
	for _, secret := range append(s.Tokens(), ecrtest.User(dev).SecretAccessKey) {
		if strings.Contains(all, secret) {
			t.Errorf("a secret is in\n%s", all)
		}
	}
}
