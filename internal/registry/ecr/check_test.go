package ecr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/manifest"
)

func TestCheckFindsNothing(t *testing.T) {
	t.Parallel()
	want := full(t)
	s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository = want })
	s.Registry(dev, region).Put(ecrtest.Repository{Name: base})
	found, err := r.Check(t.Context())
	if err != nil || len(found.Wrong) != 0 {
		t.Errorf("found %q: %v", found.Wrong, err)
	}
	if len(found.Unknown) != 1 || !strings.HasPrefix(found.Unknown[0], "kms:CreateGrant, kms:DescribeKey, kms:RetireGrant cannot be tried") {
		t.Errorf("unknown %q", found.Unknown)
	}
	if got, _ := s.Registry(dev, region).Repository(base); len(s.Registry(dev, region).Names()) != 1 || len(got.Tags) != 0 || got.Policy != "" || got.LifecyclePolicy != "" {
		t.Errorf("it changed something: %v, %+v", s.Registry(dev, region).Names(), got)
	}
}

// TestCheckMakesNothingOnPush has a registry that creates repositories when
// something is pushed to them, or credentials that cannot tell whether it does.
func TestCheckMakesNothingOnPush(t *testing.T) {
	t.Parallel()
	blind := ecrtest.User(dev)
	blind.Policy = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:DescribeRepositoryCreationTemplates","Resource":"*"}]}`
	const creates, uploads = "ecr:CreateRepository can be tried only when", "ecr:InitiateLayerUpload can be tried only when"
	tests := map[string]struct {
		o       ecrtest.Options
		there   []string
		unknown []string
	}{
		"no template":              {ecrtest.Options{}, nil, []string{creates}},
		"one for all":              {ecrtest.Options{CreateOnPush: []string{"ROOT"}}, nil, []string{creates, uploads}},
		"one for the prefix":       {ecrtest.Options{CreateOnPush: []string{"packs"}}, nil, []string{creates, uploads}},
		"one for others":           {ecrtest.Options{CreateOnPush: []string{"pack"}}, nil, []string{creates}},
		"only the base path":       {ecrtest.Options{CreateOnPush: []string{"ROOT"}}, []string{base}, []string{uploads}},
		"a pack is there":          {ecrtest.Options{CreateOnPush: []string{"ROOT"}}, []string{base, base + "/nginx"}, nil},
		"cannot be told":           {ecrtest.Options{Principals: []ecrtest.Principal{blind}}, []string{base}, []string{uploads}},
		"cannot be told, nor need": {ecrtest.Options{Principals: []ecrtest.Principal{blind}}, []string{base, base + "/nginx"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r := start(t, test.o, nil)
			for _, name := range test.there {
				s.Registry(dev, region).Put(ecrtest.Repository{Name: name})
			}
			found, err := r.Check(t.Context())
			if err != nil || len(found.Wrong) != 0 || len(found.Unknown) != len(test.unknown) {
				t.Fatalf("found %q, %q: %v; want %q", found.Wrong, found.Unknown, err, test.unknown)
			}
			for i, want := range test.unknown {
				if !strings.HasPrefix(found.Unknown[i], want) {
					t.Errorf("%q, want %q", found.Unknown[i], want)
				}
			}
			if names := s.Registry(dev, region).Names(); len(names) != len(test.there) {
				t.Errorf("it made a repository: %q", names)
			}
		})
	}
}

// TestCheckFindsEachPermission takes away one action of the publisher policy
// after the other.
func TestCheckFindsEachPermission(t *testing.T) {
	t.Parallel()
	want := full(t)
	model := spec(dev, region)
	model.ECR.Repository = want
	for action := range actions(ecr.PublisherPolicy([]*manifest.Registry{model}, ecr.Uses{Prune: true})) {
		if strings.HasPrefix(action, "kms:") || action == "ecr:GetAuthorizationToken" {
			continue // nothing tells without a change; the login tells
		}
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			user := ecrtest.User(dev)
			user.Policy = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"` + action + `","Resource":"*"}]}`
			s, r := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, func(r *manifest.Registry, o *ecr.Options) {
				r.ECR.Repository, o.Uses.Prune = want, true
			})
			s.Registry(dev, region).Put(ecrtest.Repository{Name: base})
			found, err := r.Check(t.Context())
			if err != nil || len(found.Wrong) != 1 || !strings.Contains(found.Wrong[0], "may not do "+action) ||
				!strings.Contains(found.Wrong[0], `"Action":"`+action+`"`) || strings.Contains(found.Wrong[0], "packs-doctor") {
				t.Errorf("found %q: %v", found.Wrong, err)
			}
		})
	}
}

func TestCheckTellsAWrongClock(t *testing.T) {
	t.Parallel()
	_, r := start(t, ecrtest.Options{Now: func() time.Time { return time.Now().Add(-3 * time.Minute) }}, nil)
	found, err := r.Check(t.Context())
	if err != nil || len(found.Wrong) != 1 || !strings.Contains(found.Wrong[0], "the clock of this machine is 3m") {
		t.Errorf("found %q: %v", found.Wrong, err)
	}
}

func TestCheckWithoutALogin(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	bad := ecrtest.User(dev)
	bad.SecretAccessKey = "wrong"
	_, err := open(t, spec(dev, region), options(t, s, bad)).Check(t.Context())
	wantError(t, err, nil, "InvalidSignatureException")
}
