package executor_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

const (
	devAccount, prodAccount = "111111111111", "222222222222"
	ecrBase                 = "packs/spectro-packs/archive"
)

// startECR runs an ECR with a user for each account, and points the AWS SDK at
// it as a person does: by the environment. Such tests cannot be parallel.
func startECR(t *testing.T, o ecrtest.Options, accounts ...string) *ecrtest.Server {
	t.Helper()
	var profiles strings.Builder
	for i, account := range accounts {
		u := ecrtest.User(account)
		o.Principals = append(o.Principals, u)
		names := []string{"of-" + account}
		if i == 0 {
			names = append(names, "default")
		}
		for _, name := range names {
			fmt.Fprintf(&profiles, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", name, u.AccessKeyID, u.SecretAccessKey)
		}
	}
	o.Regions = []string{ecrtest.DefaultRegion}
	s := ecrtest.Start(t, o)
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte(profiles.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_ECR": s.URL, "AWS_ENDPOINT_URL_STS": s.URL, "AWS_SHARED_CREDENTIALS_FILE": file,
		"AWS_CONFIG_FILE": filepath.Join(filepath.Dir(file), "none"), "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	return s
}

// onECR gives a world a registry more, with the credentials of a profile.
func (w *world) onECR(account, profile string) *manifest.Registry {
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "reg-" + account, Type: manifest.TypeECR, RepositoryPrefix: "packs", BasePathRepository: true,
		ECR: &manifest.ECR{Account: account, Region: ecrtest.DefaultRegion, Profile: profile},
	})
	return &w.catalog.Registries[len(w.catalog.Registries)-1]
}

// ecrWrites are the operations that change something.
var ecrWrites = []string{
	"CreateRepository", "PutImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "SetRepositoryPolicy",
	"PutLifecyclePolicy", "PutImageTagMutability", "PutImageScanningConfiguration", "TagResource", "BatchDeleteImage",
}

func places(p *plan.Plan) string {
	var lines []string
	for _, a := range p.Actions {
		lines = append(lines, strings.TrimSpace(string(a.Kind)+" "+a.Repository+" "+a.Version))
	}
	return strings.Join(lines, "\n")
}

func TestECRFromNothingToDoneInOneApply(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount)
	w := newWorld(t)
	lifecycle := filepath.Join(w.dir, "lifecycle.json")
	w.write(lifecycle, `{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}`)
	w.onECR(devAccount, "").ECR.Repository = manifest.ECRRepository{
		TagMutability: "IMMUTABLE", ScanOnPush: true, Tags: map[string]string{"team": "platform"}, LifecyclePolicyFile: lifecycle,
	}
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("a", "1.1.0", "x: 2\n")
	w.pack("b", "1.0.0", "x: 1\n")

	p := w.plan(executor.Options{})
	want := strings.Join([]string{
		"create-repository " + ecrBase, "create-repository " + ecrBase + "/a", "create-repository " + ecrBase + "/b",
		"push " + ecrBase + "/a 1.0.0", "push " + ecrBase + "/a 1.1.0", "push " + ecrBase + "/b 1.0.0",
	}, "\n")
	if got := places(p); got != want {
		t.Errorf("plan:\n%s\nwant\n%s", got, want)
	}
	settings := "reg-" + devAccount + ": repositories are created with lifecyclePolicyFile lifecycle.json; scanOnPush true; tagMutability IMMUTABLE; tags team=platform"
	if !slices.Equal(p.Remarks, []string{settings}) {
		t.Errorf("remarks %q, want %q", p.Remarks, settings)
	}
	host := s.Registry(devAccount, ecrtest.DefaultRegion).Host
	if got := p.Actions[3].Reference; got != host+"/"+ecrBase+"/a:1.0.0" {
		t.Errorf("reference %s", got)
	}
	if n := s.Count(ecrWrites...); n != 0 {
		t.Errorf("a plan wrote %d times", n)
	}
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Created != 3 || r.Summary.Pushed != 3 {
		t.Fatalf("summary %+v: %v", r.Summary, r.Err())
	}
	reg := s.Registry(devAccount, ecrtest.DefaultRegion)
	for _, name := range []string{ecrBase, ecrBase + "/a", ecrBase + "/b"} {
		repo, ok := reg.Repository(name)
		if !ok || repo.TagMutability != "IMMUTABLE" || !repo.ScanOnPush || repo.Tags["team"] != "platform" || repo.LifecyclePolicy == "" {
			t.Errorf("repository %s (%t): %+v", name, ok, repo)
		}
	}
	if got := reg.ImageTags(ecrBase + "/a"); !slices.Equal(got, []string{"1.0.0", "1.1.0"}) {
		t.Errorf("tags of a: %v", got)
	}
}

// TestECRSecondRunIsOneReadForEachVersion counts what a run costs that has
// nothing to do: one token, and one GET for each version and the base path.
func TestECRSecondRunIsOneReadForEachVersion(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount)
	w := newWorld(t)
	w.onECR(devAccount, "")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("a", "1.1.0", "x: 2\n")
	w.pack("b", "1.0.0", "x: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	s.Forget()
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Unchanged != 3 || r.Summary.Created+r.Summary.Pushed != 0 {
		t.Errorf("summary %+v: %v", r.Summary, r.Err())
	}
	got := make(map[string]int)
	for _, c := range s.Calls() {
		got[c.Operation]++
	}
	// Only on loopback the token does not tell the account, so that one more is asked.
	if want := map[string]int{"GetAuthorizationToken": 1, "DescribeRegistry": 1, "BatchGetImage": 4}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}

func TestECRWithOneSlotGoesOn(t *testing.T) {
	s := startECR(t, ecrtest.Options{PutImageRate: -1}, devAccount)
	w := newWorld(t)
	r := w.onECR(devAccount, "")
	r.Limits.Concurrency, r.Limits.RequestsPerSecond = 1, 1000
	for i := range 8 {
		w.pack(fmt.Sprintf("p%d", i), "1.0.0", "x\n")
	}
	if r := w.apply(executor.Options{Workers: 1}); r.Err() != nil || r.Summary.Created != 9 || r.Summary.Pushed != 8 {
		t.Errorf("summary %+v: %v", r.Summary, r.Err())
	}
	if n := s.Count("CreateRepository"); n != 9 {
		t.Errorf("%d calls of CreateRepository, want 9", n)
	}
}

func TestECRTwoProfilesInOneRun(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount, prodAccount)
	w := newWorld(t)
	w.onECR(devAccount, "of-"+devAccount)
	w.onECR(prodAccount, "of-"+prodAccount)
	w.pack("a", "1.0.0", "x: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil || r.Summary.Pushed != 2 || r.Summary.Created != 4 {
		t.Fatalf("summary %+v: %v", r.Summary, r.Err())
	}
	for _, account := range []string{devAccount, prodAccount} {
		if tags := s.Registry(account, ecrtest.DefaultRegion).ImageTags(ecrBase + "/a"); !slices.Equal(tags, []string{"1.0.0"}) {
			t.Errorf("account %s holds %v", account, tags)
		}
	}
	for _, c := range s.Calls() {
		if !strings.Contains(c.Principal, c.Account) {
			t.Errorf("%s in account %s as %s", c.Operation, c.Account, c.Principal)
		}
	}
}

func TestECRSwappedProfilesWriteNothing(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount, prodAccount)
	w := newWorld(t)
	w.onECR(devAccount, "of-"+prodAccount)
	w.onECR(prodAccount, "of-"+devAccount)
	w.pack("a", "1.0.0", "x: 1\n")
	p := w.plan(executor.Options{})
	if p.Summary.Unknown != len(p.Actions) {
		t.Errorf("plan:\n%s\nwant nothing but unknown", places(p))
	}
	r := w.apply(executor.Options{})
	if !errors.Is(r.Err(), ecr.ErrAccount) || r.Summary.Failed != len(r.Items) {
		t.Errorf("summary %+v: %v", r.Summary, r.Err())
	}
	for i := range r.Items {
		it := &r.Items[i]
		for _, part := range []string{devAccount, prodAccount} {
			if !strings.Contains(it.Error, part) {
				t.Errorf("%s does not name account %s: %s", it.Action, part, it.Error)
			}
		}
		if !strings.Contains(it.Hint, "crossAccount") {
			t.Errorf("hint %q", it.Hint)
		}
	}
	if n := s.Count(); n != s.Count("GetAuthorizationToken", "DescribeRegistry") {
		t.Errorf("more was asked than who we are: %v", s.Calls())
	}
}

func TestECRImmutableTag(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount)
	w := newWorld(t)
	w.onECR(devAccount, "").ECR.Repository.TagMutability = "IMMUTABLE"
	p := w.pack("a", "1.0.0", "x: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	if sum := w.apply(executor.Options{}).Summary; sum.Unchanged != 1 || sum.Conflict != 0 {
		t.Errorf("same content: %+v", sum)
	}
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	s.Forget()
	for _, o := range []executor.Options{{}, {Overwrite: []string{"a@1.0.0"}}} {
		r := w.apply(o)
		it := &r.Items[0]
		if it.Status != executor.StatusConflict || !strings.Contains(it.Reason, "the tag is immutable") ||
			!strings.Contains(it.Hint, "bump the version") || !strings.Contains(it.Hint, "delete the published version") {
			t.Errorf("%v: %s: %s; hint %q", o.Overwrite, it.Status, it.Reason, it.Hint)
		}
	}
	if n := s.Count(ecrWrites...); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// TestECRTagThatBecameImmutable has a repository whose tags were made immutable
// after the plan, so that only the push is told.
func TestECRTagThatBecameImmutable(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount)
	w := newWorld(t)
	w.onECR(devAccount, "")
	p := w.pack("a", "1.0.0", "x: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	e := w.executor(executor.Options{Overwrite: []string{"a@1.0.0"}})
	planned, err := e.Plan(t.Context())
	if err != nil || planned.Summary.Overwrite != 1 {
		t.Fatalf("plan %+v: %v", planned.Summary, err)
	}
	reg := s.Registry(devAccount, ecrtest.DefaultRegion)
	repo, _ := reg.Repository(ecrBase + "/a")
	repo.TagMutability = "IMMUTABLE"
	reg.Put(repo)
	r, err := e.Apply(t.Context(), planned)
	if err != nil {
		t.Fatal(err)
	}
	it := &r.Items[0]
	if it.Status != executor.StatusConflict || !errors.Is(it.Err, registry.ErrImmutable) || it.Hint == "" {
		t.Errorf("%s: %s; hint %q", it.Status, it.Error, it.Hint)
	}
}

func TestECRSettingsAreARemarkUntilToldToChangeThem(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount)
	w := newWorld(t)
	spec := w.onECR(devAccount, "")
	w.pack("a", "1.0.0", "x: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	spec.ECR.Repository = manifest.ECRRepository{TagMutability: "IMMUTABLE", EncryptionType: "KMS"}
	s.Forget()
	p := w.plan(executor.Options{})
	remarks := strings.Join(p.Remarks, "\n")
	for _, part := range []string{"2 repositories (" + ecrBase + ", " + ecrBase + "/a): tagMutability is MUTABLE, packs.yaml wishes IMMUTABLE; --update-repositories", "cannot be changed once the repository exists"} {
		if !strings.Contains(remarks, part) {
			t.Errorf("remarks lack %q:\n%s", part, remarks)
		}
	}
	if p.Summary.Pending() {
		t.Errorf("without the flag there is something to do:\n%s", places(p))
	}
	if r := w.apply(executor.Options{}); r.Err() != nil || s.Count(ecrWrites...) != 0 || !slices.Equal(r.Remarks, p.Remarks) {
		t.Errorf("without the flag %d writes: %v; remarks %q", s.Count(ecrWrites...), r.Err(), r.Remarks)
	}
	r := w.apply(executor.Options{UpdateRepositories: true})
	if r.Err() != nil || r.Summary.Updated != 2 {
		t.Errorf("with the flag: %+v, %v", r.Summary, r.Err())
	}
	for _, name := range []string{ecrBase, ecrBase + "/a"} {
		if repo, _ := s.Registry(devAccount, ecrtest.DefaultRegion).Repository(name); repo.TagMutability != "IMMUTABLE" {
			t.Errorf("%s is %s", name, repo.TagMutability)
		}
	}
	if p := w.plan(executor.Options{UpdateRepositories: true}); p.Summary.Pending() {
		t.Errorf("afterwards there is still something to do:\n%s", places(p))
	}
}

func TestECRMissingPermissionNamesTheStatement(t *testing.T) {
	user := ecrtest.User(devAccount)
	user.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:DescribeRegistry","ecr:BatchGetImage","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer"],"Resource":"*"}]}`
	s := startECR(t, ecrtest.Options{Principals: []ecrtest.Principal{user}})
	file := filepath.Join(t.TempDir(), "credentials")
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", user.AccessKeyID, user.SecretAccessKey)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	w := newWorld(t)
	w.onECR(devAccount, "")
	w.pack("a", "1.0.0", "x: 1\n")
	r := w.apply(executor.Options{})
	if r.Summary.Failed != 3 || !errors.Is(r.Err(), registry.ErrDenied) {
		t.Fatalf("summary %+v: %v", r.Summary, r.Err())
	}
	for i := range r.Items {
		it := &r.Items[i]
		text := it.Error + "\n" + it.Hint
		for _, part := range []string{"ecr:CreateRepository", "arn:aws:ecr:us-east-1:" + devAccount + ":repository/" + ecrBase, `"Effect":"Allow"`} {
			if !strings.Contains(text, part) {
				t.Errorf("%s %s lacks %q:\n%s", it.Action, it.Repository, part, text)
			}
		}
	}
	if n := s.Count("InitiateLayerUpload"); n != 0 {
		t.Errorf("%d uploads into repositories that could not be made", n)
	}
}

// TestECRSettingsThatCannotBeCompared lets the credentials not list tags: that
// is a remark, and an error for those who want settings changed.
func TestECRSettingsThatCannotBeCompared(t *testing.T) {
	s := startECR(t, ecrtest.Options{}, devAccount)
	w := newWorld(t)
	spec := w.onECR(devAccount, "")
	w.pack("a", "1.0.0", "x: 1\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	spec.ECR.Repository.Tags = map[string]string{"team": "a"}
	s.Fail("ListTagsForResource", 100, 400, "AccessDeniedException", "User: arn:aws:iam::111111111111:user/packs is not authorized to perform: "+
		"ecr:ListTagsForResource on resource: arn:aws:ecr:us-east-1:111111111111:repository/x because no identity-based policy allows the ecr:ListTagsForResource action")
	const want = "may not do ecr:ListTagsForResource"
	p := w.plan(executor.Options{})
	if len(p.Remarks) != 1 || !strings.Contains(p.Remarks[0], want) || !strings.Contains(p.Remarks[0], `"Action":"ecr:ListTagsForResource"`) || p.Summary.Unknown != 0 {
		t.Errorf("remarks %q, %+v", p.Remarks, p.Summary)
	}
	p = w.plan(executor.Options{UpdateRepositories: true})
	if len(p.Remarks) != 0 || p.Summary.Unknown != 1 || !strings.Contains(p.Actions[0].Reason, want) {
		t.Errorf("with the flag: remarks %q, %+v", p.Remarks, p.Actions)
	}
}
