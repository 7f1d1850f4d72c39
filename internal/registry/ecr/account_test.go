package ecr_test

import (
	"errors"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/manifest"
)

func two(t *testing.T) (*ecrtest.Server, ecr.Options) {
	t.Helper()
	users := []ecrtest.Principal{ecrtest.User(dev), ecrtest.User(prod)}
	s := ecrtest.Start(t, ecrtest.Options{Principals: users})
	return s, options(t, s, users...)
}

func TestTwoProfilesInOneRun(t *testing.T) {
	t.Parallel()
	s, o := two(t)
	for _, account := range []string{dev, prod} {
		r := spec(account, region)
		r.ECR.Profile = "of-" + account
		push(t, open(t, r, o), "content for "+account)
	}
	for _, account := range []string{dev, prod} {
		reg := s.Registry(account, region)
		if names := reg.Names(); len(names) != 1 || len(reg.ImageTags(names[0])) != 1 {
			t.Errorf("account %s holds %v", account, names)
		}
	}
	if n := s.Count("GetAuthorizationToken"); n != 2 {
		t.Errorf("%d tokens were fetched, want one for each account", n)
	}
}

func TestSwappedProfilesWriteNothing(t *testing.T) {
	t.Parallel()
	s, o := two(t)
	for account, profile := range map[string]string{dev: "of-" + prod, prod: "of-" + dev} {
		spec := spec(account, region)
		spec.ECR.Profile = profile
		r := open(t, spec, o)
		err := r.CreateRepository(t.Context(), base)
		wantError(t, err, ecr.ErrAccount, "packs.yaml wants account "+account, `profile "`+profile+`"`, "crossAccount")
		_, err = r.Push(t.Context(), base+"/nginx", "1.0.0", pack(t, "nginx", "x"), registry.Hint{})
		wantError(t, err, ecr.ErrAccount, dev, prod)
		_, _, err = r.Manifest(t.Context(), base+"/nginx", "1.0.0")
		wantError(t, err, ecr.ErrAccount)
	}
	for _, c := range s.Calls() {
		if c.Operation != "GetAuthorizationToken" && c.Operation != "DescribeRegistry" {
			t.Errorf("%s was asked for with the wrong credentials", c.Operation)
		}
	}
}

func TestWithoutAnAccountTheCredentialsDecide(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Account = "" })
	push(t, r, "content")
	host, err := r.Address(t.Context())
	if want := s.Registry(dev, region).Host; err != nil || host != want {
		t.Errorf("address %s, %v, want %s", host, err, want)
	}
}

func TestCrossAccount(t *testing.T) {
	t.Parallel()
	user := ecrtest.User(dev)
	user.Accounts = []string{prod}
	s, r := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, func(r *manifest.Registry, _ *ecr.Options) {
		r.ECR.Account, r.ECR.CrossAccount = prod, true
		r.ECR.Repository.Tags = map[string]string{"team": "platform"}
	})
	push(t, r, "content")
	if names := s.Registry(prod, region).Names(); len(names) != 1 {
		t.Errorf("the other account holds %v", names)
	}
	if names := s.Registry(dev, region).Names(); len(names) != 0 {
		t.Errorf("the own account holds %v", names)
	}
	if diffs, err := r.Differences(t.Context(), []string{base + "/nginx"}); err != nil || len(diffs) != 0 {
		t.Errorf("differences %v: %v", diffs, err)
	}
}

func TestAssumedRole(t *testing.T) {
	t.Parallel()
	role := ecrtest.Role{ARN: "arn:aws:iam::222222222222:role/packs-publisher", ExternalID: "packs-ci", TrustedBy: []string{dev}}
	assume := func(id string) func(*manifest.Registry, *ecr.Options) {
		return func(r *manifest.Registry, _ *ecr.Options) {
			r.ECR.Account, r.ECR.RoleARN, r.ECR.ExternalID, r.ECR.SessionName = prod, role.ARN, id, "nightly"
		}
	}
	s, r := start(t, ecrtest.Options{Roles: []ecrtest.Role{role}}, assume("packs-ci"))
	push(t, r, "content")
	for _, c := range s.Calls() {
		if c.Operation == "PutImage" && c.Principal != "arn:aws:sts::222222222222:assumed-role/packs-publisher/nightly" {
			t.Errorf("pushed as %s", c.Principal)
		}
	}
	_, wrong := start(t, ecrtest.Options{Roles: []ecrtest.Role{role}}, assume("guessed"))
	err := wrong.CreateRepository(t.Context(), base)
	wantError(t, err, registry.ErrDenied, "sts:AssumeRole", role.ARN, "aws.externalId")
}

func TestSetupMistakes(t *testing.T) {
	t.Parallel()
	bad := ecrtest.User(dev)
	bad.SecretAccessKey = "wrong"
	gone := ecrtest.User(dev)
	gone.AccessKeyID = "AKIANOBODY"
	cases := []struct {
		name   string
		user   ecrtest.Principal
		change func(*manifest.Registry)
		target error
		parts  []string
	}{
		{"wrong secret", bad, func(*manifest.Registry) {}, registry.ErrUnauthorized, []string{"InvalidSignatureException", "secret access key"}},
		{"unknown key", gone, func(*manifest.Registry) {}, registry.ErrUnauthorized, []string{"does not know the access key", "the default AWS credentials"}},
		{"unknown profile", bad, func(r *manifest.Registry) { r.ECR.Profile = "nope" }, nil, []string{`no AWS profile "nope"`, "list-profiles"}},
		{"unknown region", ecrtest.User(dev), func(r *manifest.Registry) { r.ECR.Region = "ap-south-1" }, registry.ErrUnauthorized, []string{"valid region"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := ecrtest.Start(t, ecrtest.Options{})
			r := spec(dev, region)
			c.change(r)
			reg := open(t, r, options(t, s, c.user))
			for range 3 { // tried once: the next packs get the same answer without asking
				_, _, err := reg.Manifest(t.Context(), base, "1")
				wantError(t, err, c.target, c.parts...)
			}
			if n := s.Count(); n > 1 {
				t.Errorf("%d requests for one mistake", n)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		make func(*manifest.Registry)
		want error
	}{
		{"public", func(r *manifest.Registry) { r.Host = "public.ecr.aws" }, ecr.ErrPublic},
		{"look-alike", func(r *manifest.Registry) { r.Host = dev + ".dkr.ecr.us-east-1.amazonaws.com.evil.example" }, nil},
		{"another account", func(r *manifest.Registry) { r.Host = prod + ".dkr.ecr.us-east-1.amazonaws.com" }, ecr.ErrAccount},
		{"another region", func(r *manifest.Registry) { r.Host = dev + ".dkr.ecr.eu-west-1.amazonaws.com" }, nil},
		{"no settings", func(r *manifest.Registry) { r.ECR = nil }, nil},
	}
	for _, c := range cases {
		r := spec(dev, region)
		c.make(r)
		if _, err := ecr.New(r, ecr.Options{}); err == nil || (c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestTokensGoNowhereElse has an API that sends its token to another host than
// packs.yaml names.
func TestTokensGoNowhereElse(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { r.Host = "127.0.0.1:1" })
	_, _, err := r.Manifest(t.Context(), base, "1")
	wantError(t, err, nil, "127.0.0.1:1", s.Registry(dev, region).Host)
}
