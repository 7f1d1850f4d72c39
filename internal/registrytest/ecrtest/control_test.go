package ecrtest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
)

const account, other, region = ecrtest.DefaultAccount, "222222222222", ecrtest.DefaultRegion

func config(s *ecrtest.Server, p ecrtest.Principal) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(s.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(p.AccessKeyID, p.SecretAccessKey, ""),
	}
}

func client(s *ecrtest.Server, p ecrtest.Principal) *ecr.Client {
	return ecr.NewFromConfig(config(s, p))
}

func create(t *testing.T, c *ecr.Client, name string) {
	t.Helper()
	if _, err := c.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: &name}); err != nil {
		t.Fatal(err)
	}
}

// wantCode fails unless err is an API error of that code whose message holds text.
func wantCode(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Fatalf("got %v, want %s with %q", err, code, text)
	}
}

func TestAuthorizationToken(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	c := client(s, ecrtest.User(account))
	out, err := c.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	data := out.AuthorizationData[0]
	text, err := base64.StdEncoding.DecodeString(*data.AuthorizationToken)
	if err != nil || !strings.HasPrefix(string(text), "AWS:") {
		t.Fatalf("token %q: %v", text, err)
	}
	if want := "http://" + s.Registry(account, region).Host; *data.ProxyEndpoint != want {
		t.Errorf("proxyEndpoint %s, want %s", *data.ProxyEndpoint, want)
	}
	if left := time.Until(*data.ExpiresAt); left < 11*time.Hour || left > 13*time.Hour {
		t.Errorf("expires in %s, want 12h", left)
	}
	reg, err := c.DescribeRegistry(t.Context(), &ecr.DescribeRegistryInput{})
	if err != nil || *reg.RegistryId != account {
		t.Errorf("registry %v: %v", reg, err)
	}
}

func TestRepositories(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{PageSize: 2, MaxRepositories: 5})
	c := client(s, ecrtest.User(account))
	want := []string{"a/one", "a/two", "b/three", "b/four", "five"}
	for _, name := range want {
		create(t, c, name)
	}
	_, err := c.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("five")})
	var exists *types.RepositoryAlreadyExistsException
	if !errors.As(err, &exists) {
		t.Errorf("second create: %v", err)
	}
	_, err = c.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("d/e")})
	wantCode(t, err, "LimitExceededException", "maximum")
	_, err = c.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("Upper/Case")})
	wantCode(t, err, "InvalidParameterException", "regular expression")

	var got []string
	pages := ecr.NewDescribeRepositoriesPaginator(c, &ecr.DescribeRepositoriesInput{})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Repositories {
			got = append(got, *r.RepositoryName)
		}
	}
	slices.Sort(want)
	if n != 3 || !slices.Equal(got, want) {
		t.Errorf("%d pages: %v, want 3: %v", n, got, want)
	}
	_, err = c.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"a/one", "nope"}})
	wantCode(t, err, "RepositoryNotFoundException", "'nope'")
	if _, err = c.DeleteRepository(t.Context(), &ecr.DeleteRepositoryInput{RepositoryName: aws.String("five")}); err != nil {
		t.Error(err)
	}
	if _, there := s.Registry(account, region).Repository("five"); there {
		t.Error("five is still there after DeleteRepository")
	}
}

func TestRepositorySettings(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	c := client(s, ecrtest.User(account))
	name := aws.String("packs/x")
	created, err := c.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{
		RepositoryName: name, ImageTagMutability: types.ImageTagMutabilityImmutableWithExclusion,
		ImageTagMutabilityExclusionFilters: []types.ImageTagMutabilityExclusionFilter{{Filter: aws.String("dev-*"), FilterType: types.ImageTagMutabilityExclusionFilterTypeWildcard}},
		ImageScanningConfiguration:         &types.ImageScanningConfiguration{ScanOnPush: true},
		EncryptionConfiguration:            &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms, KmsKey: aws.String("alias/packs")},
		Tags:                               []types.Tag{{Key: aws.String("team"), Value: aws.String("platform")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if key := *created.Repository.EncryptionConfiguration.KmsKey; !strings.Contains(key, ":key/") {
		t.Errorf("key %s: an alias is answered as the key's ARN", key)
	}
	resource := created.Repository.RepositoryArn
	if want := "arn:aws:ecr:us-east-1:111111111111:repository/packs/x"; *resource != want {
		t.Errorf("ARN %s, want %s", *resource, want)
	}
	_, err = c.GetLifecyclePolicy(t.Context(), &ecr.GetLifecyclePolicyInput{RepositoryName: name})
	wantCode(t, err, "LifecyclePolicyNotFoundException", "packs/x")
	_, err = c.GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{RepositoryName: name})
	wantCode(t, err, "RepositoryPolicyNotFoundException", "packs/x")

	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := c.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{RepositoryName: name, ImageTagMutability: types.ImageTagMutabilityMutable})
			return err
		},
		func(ctx context.Context) error {
			_, err := c.PutImageScanningConfiguration(ctx, &ecr.PutImageScanningConfigurationInput{RepositoryName: name, ImageScanningConfiguration: &types.ImageScanningConfiguration{}})
			return err
		},
		func(ctx context.Context) error {
			_, err := c.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{RepositoryName: name, LifecyclePolicyText: aws.String(`{ "rules": [] }`)})
			return err
		},
		func(ctx context.Context) error {
			_, err := c.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: name, PolicyText: aws.String(`{"Statement":[]}`)})
			return err
		},
		func(ctx context.Context) error {
			_, err := c.TagResource(ctx, &ecr.TagResourceInput{ResourceArn: resource, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
			return err
		},
	}
	for i, step := range steps {
		if err := step(t.Context()); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	got, _ := s.Registry(account, region).Repository(*name)
	if got.TagMutability != "MUTABLE" || got.ScanOnPush || got.LifecyclePolicy != `{"rules":[]}` || got.Policy == "" {
		t.Errorf("got %+v", got)
	}
	tags, err := c.ListTagsForResource(t.Context(), &ecr.ListTagsForResourceInput{ResourceArn: resource})
	if err != nil || len(tags.Tags) != 2 || *tags.Tags[1].Value != "platform" {
		t.Errorf("tags %v: %v", tags, err)
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	good := ecrtest.User(account)
	list := func(cfg aws.Config) error {
		_, err := ecr.NewFromConfig(cfg).DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{})
		return err
	}
	if err := list(config(s, good)); err != nil {
		t.Fatalf("right signature: %v", err)
	}
	wrongSecret := good
	wrongSecret.SecretAccessKey = "wrong"
	wantCode(t, list(config(s, wrongSecret)), "InvalidSignatureException", "does not match")
	unknown := good
	unknown.AccessKeyID = "AKIANOBODY"
	wantCode(t, list(config(s, unknown)), "UnrecognizedClientException", "invalid")
	elsewhere := config(s, good)
	elsewhere.Region = "ap-south-1"
	wantCode(t, list(elsewhere), "InvalidSignatureException", "valid region")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories")
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"__type":"MissingAuthenticationTokenException"`) {
		t.Errorf("without signature: %d %s %v", resp.StatusCode, body, err)
	}
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	c := client(s, ecrtest.User(account))
	_, err := c.DescribeRegistry(t.Context(), &ecr.DescribeRegistryInput{})
	wantCode(t, err, "InvalidSignatureException", "not yet current")
}

func TestIdentityPolicies(t *testing.T) {
	t.Parallel()
	limited := ecrtest.User(account)
	limited.Policy = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["ecr:CreateRepository","ecr:Describe*"],"Resource":"arn:aws:ecr:*:111111111111:repository/packs/*"},
		{"Effect":"Deny","Action":"*","Resource":"*/packs/secret"}]}`
	s := ecrtest.Start(t, ecrtest.Options{Principals: []ecrtest.Principal{limited, ecrtest.User(other)}})
	c := client(s, limited)
	create(t, c, "packs/deep/down")
	for _, name := range []string{"elsewhere", "packs/secret"} {
		_, err := c.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: &name})
		wantCode(t, err, "AccessDeniedException",
			"User: arn:aws:iam::111111111111:user/packs is not authorized to perform: ecr:CreateRepository on resource: arn:aws:ecr:us-east-1:111111111111:repository/"+name)
	}
	_, err := c.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{})
	wantCode(t, err, "AccessDeniedException", "repository/*")
	_, err = c.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{})
	wantCode(t, err, "AccessDeniedException", "on resource: *")
	_, err = client(s, ecrtest.User(other)).DescribeRegistry(t.Context(), &ecr.DescribeRegistryInput{})
	if err != nil {
		t.Error(err)
	}
	_, err = client(s, ecrtest.User(other)).CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RegistryId: aws.String(account), RepositoryName: aws.String("x1")})
	wantCode(t, err, "AccessDeniedException", "resource-based")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	c := client(s, ecrtest.User(account))
	s.Throttle("DescribeRepositories", 1)
	_, err := c.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{})
	wantCode(t, err, "ThrottlingException", "Rate exceeded")
	if _, err = c.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{}); err != nil {
		t.Error(err)
	}
	if n := s.Count("DescribeRepositories"); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

func TestSTS(t *testing.T) {
	t.Parallel()
	role := ecrtest.Role{
		ARN: "arn:aws:iam::222222222222:role/publisher", ExternalID: "x-id", TrustedBy: []string{account},
		WebIdentityToken: "jwt",
	}
	s := ecrtest.Start(t, ecrtest.Options{Roles: []ecrtest.Role{role}})
	cfg := config(s, ecrtest.User(account))
	c := sts.NewFromConfig(cfg)
	me, err := c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *me.Account != account || *me.Arn != "arn:aws:iam::111111111111:user/packs" {
		t.Fatalf("identity %v: %v", me, err)
	}
	in := &sts.AssumeRoleInput{RoleArn: &role.ARN, RoleSessionName: aws.String("packs")}
	_, err = c.AssumeRole(t.Context(), in)
	wantCode(t, err, "AccessDenied", "sts:AssumeRole")
	in.ExternalId = aws.String("x-id")
	out, err := c.AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	k := out.Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken)
	reg, err := ecr.NewFromConfig(cfg).DescribeRegistry(t.Context(), &ecr.DescribeRegistryInput{})
	if err != nil || *reg.RegistryId != other {
		t.Errorf("registry of the role %v: %v", reg, err)
	}
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*k.AccessKeyId, *k.SecretAccessKey, "")
	_, err = ecr.NewFromConfig(cfg).DescribeRegistry(t.Context(), &ecr.DescribeRegistryInput{})
	wantCode(t, err, "UnrecognizedClientException", "")
	if _, err = c.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role.ARN, RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String("jwt"),
	}); err != nil {
		t.Error(err)
	}
	bad := ecrtest.User(account)
	bad.SecretAccessKey = "wrong"
	_, err = sts.NewFromConfig(config(s, bad)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantCode(t, err, "SignatureDoesNotMatch", "")
}
