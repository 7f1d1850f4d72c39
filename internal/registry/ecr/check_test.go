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
	if err != nil || len(found) != 0 {
		t.Errorf("found %q: %v", found, err)
	}
	if got, _ := s.Registry(dev, region).Repository(base); len(s.Registry(dev, region).Names()) != 1 || len(got.Tags) != 0 {
		t.Errorf("it changed something: %v, %+v", s.Registry(dev, region).Names(), got)
	}
}

// TestCheckFindsEachPermission takes away one action of the publisher policy
// after the other.
func TestCheckFindsEachPermission(t *testing.T) {
	t.Parallel()
	want := full(t)
	model := spec(dev, region)
	model.ECR.Repository = want
	unseen := map[string]bool{ // nothing tells without a change
		"ecr:PutLifecyclePolicy": true, "ecr:SetRepositoryPolicy": true, "kms:CreateGrant": true, "kms:DescribeKey": true, "kms:RetireGrant": true,
	}
	for action := range actions(ecr.PublisherPolicy([]*manifest.Registry{model}, ecr.Uses{})) {
		if unseen[action] || action == "ecr:GetAuthorizationToken" {
			continue
		}
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			user := ecrtest.User(dev)
			user.Policy = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"` + action + `","Resource":"*"}]}`
			s, r := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository = want })
			s.Registry(dev, region).Put(ecrtest.Repository{Name: base})
			found, err := r.Check(t.Context())
			if action == "ecr:DescribeRepositories" { // then it cannot be told whether repositories may be created
				found = found[:min(1, len(found))]
			}
			if err != nil || len(found) != 1 || !strings.Contains(found[0], "may not do "+action) || !strings.Contains(found[0], `"Action":"`+action+`"`) ||
				strings.Contains(found[0], "packs-doctor") {
				t.Errorf("found %q: %v", found, err)
			}
		})
	}
}

func TestCheckTellsAWrongClock(t *testing.T) {
	t.Parallel()
	_, r := start(t, ecrtest.Options{Now: func() time.Time { return time.Now().Add(-3 * time.Minute) }}, nil)
	found, err := r.Check(t.Context())
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "the clock of this machine is 3m") {
		t.Errorf("found %q: %v", found, err)
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
