package ecr_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/manifest"
)

func TestExistenceByManifest(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	_, _, err := r.Manifest(t.Context(), base+"/nginx", "1.0.0")
	if !errors.Is(err, registry.ErrNotFound) || !errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("missing repository: %v", err)
	}
	for _, name := range []string{base, base + "/nginx"} {
		if there, err := r.HasRepository(t.Context(), name); there || err != nil {
			t.Errorf("%s: %v, %v before it is created", name, there, err)
		}
		for range 2 { // the second finds it there
			if err := r.CreateRepository(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if there, err := r.HasRepository(t.Context(), name); !there || err != nil {
			t.Errorf("%s: %v, %v after it was created", name, there, err)
		}
	}
	_, _, err = r.Manifest(t.Context(), base+"/nginx", "1.0.0")
	if !errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("missing version: %v", err)
	}
	if n := s.Count("DescribeRepositories"); n != 0 {
		t.Errorf("%d calls of DescribeRepositories, nothing needs it", n)
	}
}

func full(t *testing.T) manifest.ECRRepository {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return manifest.ECRRepository{
		TagMutability: "IMMUTABLE", ExclusionFilters: []string{"dev-*"}, ScanOnPush: true, EncryptionType: "KMS", KMSKey: "alias/packs",
		Tags:                map[string]string{"team": "platform", "cost": "1"},
		PolicyFile:          write("policy.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":["ecr:BatchGetImage"]}]}`),
		LifecyclePolicyFile: write("lifecycle.json", "{\n\"rules\": [{\"rulePriority\": 1}]}\n"),
	}
}

func TestSettingsOfNewRepositories(t *testing.T) {
	t.Parallel()
	want := full(t)
	s, r := start(t, ecrtest.Options{PageSize: 1}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository = want })
	names := []string{base, base + "/a", base + "/b"}
	for _, name := range names {
		if err := r.CreateRepository(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := s.Registry(dev, region).Repository(base + "/a")
	if got.TagMutability != "IMMUTABLE_WITH_EXCLUSION" || len(got.ExclusionFilters) != 1 || !got.ScanOnPush || got.EncryptionType != "KMS" ||
		got.KMSKey == "" || len(got.Tags) != 2 || got.Policy == "" || got.LifecyclePolicy == "" {
		t.Errorf("created with %+v", got)
	}
	diffs, err := r.Differences(t.Context(), append(names, base+"/missing"))
	if err != nil || len(diffs) != 0 {
		t.Errorf("differences of new repositories: %v, %v", diffs, err)
	}
}

func TestDifferencesAndUpdate(t *testing.T) {
	t.Parallel()
	want := full(t)
	s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository = want })
	held := s.Registry(dev, region)
	held.Put(ecrtest.Repository{Name: base + "/old", Tags: map[string]string{"team": "other", "keep": "me"}, Policy: `{"Statement":[]}`})
	held.Put(ecrtest.Repository{Name: "unrelated"})
	diffs, err := r.Differences(t.Context(), []string{base + "/old", base + "/missing"})
	if err != nil {
		t.Fatal(err)
	}
	var settings []string
	for _, d := range diffs[base+"/old"] {
		settings = append(settings, d.Setting)
		if d.Fixed != (d.Setting == "encryption.type") {
			t.Errorf("%+v: can it be changed?", d)
		}
	}
	wanted := "[tagMutability scanOnPush encryption.type tags.cost tags.team lifecyclePolicyFile policyFile]"
	if got := fmt.Sprint(settings); got != wanted || len(diffs) != 1 {
		t.Errorf("differences %s in %d repositories, want %s in one", got, len(diffs), wanted)
	}
	if err := r.UpdateRepository(t.Context(), base+"/old"); err != nil {
		t.Fatal(err)
	}
	diffs, err = r.Differences(t.Context(), []string{base + "/old"})
	if err != nil || len(diffs[base+"/old"]) != 1 || diffs[base+"/old"][0].Setting != "encryption.type" {
		t.Errorf("left after the update: %v, %v", diffs, err)
	}
	got, _ := held.Repository(base + "/old")
	if got.Tags["keep"] != "me" || got.Tags["team"] != "platform" {
		t.Errorf("tags %v", got.Tags)
	}
	if n := s.Count("TagResource", "PutLifecyclePolicy", "SetRepositoryPolicy", "PutImageTagMutability", "PutImageScanningConfiguration"); n != 5 {
		t.Errorf("%d changes, want 5", n)
	}
}

func TestNothingWishedNothingAsked(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	s.Registry(dev, region).Put(ecrtest.Repository{Name: base, TagMutability: "IMMUTABLE"})
	diffs, err := r.Differences(t.Context(), []string{base})
	if err != nil || len(diffs) != 0 || s.Count("DescribeRepositories") != 0 {
		t.Errorf("differences %v, %v with %d calls", diffs, err, s.Count("DescribeRepositories"))
	}
}

func TestImmutable(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{PageSize: 1}, nil)
	for name, repo := range map[string]ecrtest.Repository{
		"mutable": {}, "immutable": {TagMutability: "IMMUTABLE"},
		"but-dev":  {TagMutability: "IMMUTABLE_WITH_EXCLUSION", ExclusionFilters: []string{"dev-*"}},
		"only-rel": {TagMutability: "MUTABLE_WITH_EXCLUSION", ExclusionFilters: []string{"*.0"}},
	} {
		repo.Name = name
		s.Registry(dev, region).Put(repo)
	}
	for _, c := range []struct {
		repository, tag string
		want            bool
	}{
		{"mutable", "1.0", false},
		{"immutable", "1.0", true},
		{"but-dev", "1.0", true},
		{"but-dev", "dev-1", false},
		{"only-rel", "1.0", true},
		{"only-rel", "dev-1", false},
		{"missing", "1.0", false},
	} {
		got, err := r.Immutable(t.Context(), c.repository, c.tag)
		if err != nil || got != c.want {
			t.Errorf("%s:%s is immutable: %v, %v, want %v", c.repository, c.tag, got, err, c.want)
		}
	}
	if n := s.Count("DescribeRepositories"); n != 1 {
		t.Errorf("%d calls of DescribeRepositories, want one listing with pages of 1000", n)
	}
}

func TestBadPolicyFilesCreateNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*manifest.ECRRepository){
		func(r *manifest.ECRRepository) { r.PolicyFile = file },
		func(r *manifest.ECRRepository) { r.LifecyclePolicyFile = file },
		func(r *manifest.ECRRepository) { r.PolicyFile = file + "-missing" },
	} {
		s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { change(&r.ECR.Repository) })
		err := r.CreateRepository(t.Context(), base)
		wantError(t, err, nil, "create repository", "policy.json")
		if n := s.Count("CreateRepository"); n != 0 {
			t.Errorf("%d repositories were created for %v", n, err)
		}
	}
}

func TestPolicyThatFailsSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	want := full(t)
	s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository = want })
	s.Fail("SetRepositoryPolicy", 1, 400, "InvalidParameterException", "Invalid repository policy provided")
	err := r.CreateRepository(t.Context(), base)
	wantError(t, err, nil, "set the policy of", "Invalid repository policy provided", "--update-repositories")
	if err := r.UpdateRepository(t.Context(), base); err != nil {
		t.Error(err)
	}
	if got, _ := s.Registry(dev, region).Repository(base); got.Policy == "" {
		t.Error("the policy is still missing")
	}
}

func TestThrottlingOfTheAPI(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	s.Throttle("CreateRepository", 5)
	s.Throttle("GetAuthorizationToken", 2)
	if err := r.CreateRepository(t.Context(), base); err != nil {
		t.Errorf("throttling that passes: %v", err)
	}
	s.Throttle("CreateRepository", 1000)
	err := r.CreateRepository(t.Context(), base+"/x")
	wantError(t, err, nil, "AWS limits the rate of calls", "Rate exceeded")
}

func TestQuotaOfRepositoriesIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{MaxRepositories: 1}, nil)
	if err := r.CreateRepository(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	err := r.CreateRepository(t.Context(), base+"/x")
	wantError(t, err, nil, "LimitExceededException", "Service Quotas")
	if n := s.Count("CreateRepository"); n != 2 {
		t.Errorf("%d calls of CreateRepository, want 2", n)
	}
}

func TestRepositoriesBelowTheBasePath(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{PageSize: 2}, nil)
	want := []string{base + "/a", base + "/b"}
	for _, name := range append(want, base, base+"/a/b", "other/a") {
		s.Registry(dev, region).Put(ecrtest.Repository{Name: name})
	}
	if got, err := r.Repositories(t.Context(), base); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestRepositoriesThatMayNotBeListed(t *testing.T) {
	t.Parallel()
	user := ecrtest.User(dev)
	user.Policy = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:DescribeRepositories","Resource":"*"}]}`
	_, r := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, nil)
	_, err := r.Repositories(t.Context(), base)
	wantError(t, err, registry.ErrNotListed, "does not list its repositories", "ecr:DescribeRepositories")
}
