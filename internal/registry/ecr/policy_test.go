package ecr_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/manifest"
)

func spec(account, region string) *manifest.Registry {
	return &manifest.Registry{
		Name: "reg-" + account, Type: manifest.TypeECR, RepositoryPrefix: "packs", BasePathRepository: true,
		ECR: &manifest.ECR{Account: account, Region: region},
	}
}

// actions lists all actions of a policy with the resources they are for.
func actions(p *ecr.Policy) map[string][]string {
	all := make(map[string][]string)
	for _, s := range p.Statement {
		for _, a := range s.Action {
			all[a] = append(all[a], s.Resource...)
		}
	}
	return all
}

func TestPublisherPolicy(t *testing.T) {
	t.Parallel()
	r := spec("111111111111", "us-east-1")
	got := actions(ecr.PublisherPolicy([]*manifest.Registry{r, {Type: manifest.TypeOCI}}, ecr.Uses{}))
	want := []string{
		"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:CreateRepository",
		"ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
		"ecr:InitiateLayerUpload", "ecr:ListImages", "ecr:PutImage", "ecr:UploadLayerPart",
	}
	for _, a := range want {
		if _, ok := got[a]; !ok {
			t.Errorf("%s is missing", a)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d actions %v, want %d", len(got), got, len(want))
	}
	own := []string{
		"arn:aws:ecr:us-east-1:111111111111:repository/packs/spectro-packs/archive",
		"arn:aws:ecr:us-east-1:111111111111:repository/packs/spectro-packs/archive/*",
	}
	if !slices.Equal(got["ecr:PutImage"], own) {
		t.Errorf("PutImage on %v, want %v", got["ecr:PutImage"], own)
	}
	if !slices.Equal(got["ecr:GetAuthorizationToken"], []string{"*"}) {
		t.Errorf("GetAuthorizationToken on %v", got["ecr:GetAuthorizationToken"])
	}
}

func TestPublisherPolicyGrowsWithTheManifest(t *testing.T) {
	t.Parallel()
	full := spec("111111111111", "cn-north-1")
	full.ECR.Repository = manifest.ECRRepository{
		TagMutability: "IMMUTABLE", ScanOnPush: true, EncryptionType: "KMS", KMSKey: "alias/packs",
		Tags: map[string]string{"a": "b"}, PolicyFile: "/p", LifecyclePolicyFile: "/l",
	}
	plain := actions(ecr.PublisherPolicy([]*manifest.Registry{full}, ecr.Uses{}))
	for _, a := range []string{"ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration"} {
		if _, ok := plain[a]; ok {
			t.Errorf("%s is there though nothing uses it", a)
		}
	}
	used := actions(ecr.PublisherPolicy([]*manifest.Registry{full}, ecr.Uses{Prune: true, UpdateRepositories: true}))
	for _, a := range []string{
		"ecr:TagResource", "ecr:ListTagsForResource", "ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy", "ecr:PutLifecyclePolicy",
		"ecr:GetLifecyclePolicy", "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration", "kms:CreateGrant",
	} {
		if len(used[a]) == 0 || !strings.HasPrefix(used[a][0], "arn:aws-cn:") {
			t.Errorf("%s on %v, want ARNs of China", a, used[a])
		}
	}
	source := spec("222222222222", "us-east-1")
	source.ReadOnly = true
	read := actions(ecr.PublisherPolicy([]*manifest.Registry{source}, ecr.Uses{Prune: true}))
	for a := range read {
		if strings.Contains(a, "Put") || strings.Contains(a, "Create") || strings.Contains(a, "Delete") || strings.Contains(a, "Upload") {
			t.Errorf("%s for a registry that is only read", a)
		}
	}
}

func TestPublisherPolicyKeys(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"alias/packs":                          `"kms:ResourceAliases": [`,
		"arn:aws:kms:us-east-1:1:alias/packs":  `"alias/packs"`,
		"arn:aws:kms:us-east-1:1:key/1234":     `"arn:aws:kms:us-east-1:1:key/1234"`,
		"1234abcd-12ab-34cd-56ef-1234567890ab": `"arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"`,
	} {
		r := spec("111111111111", "us-east-1")
		r.ECR.Repository.KMSKey = key
		text, err := ecr.PublisherPolicy([]*manifest.Registry{r}, ecr.Uses{}).JSON()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, want %s in\n%s", key, err, want, text)
		}
	}
}

func TestPoliciesOfSeveralRegistries(t *testing.T) {
	t.Parallel()
	a, b := spec("111111111111", "us-east-1"), spec("111111111111", "eu-west-1")
	b.ECR.RoleARN = "arn:aws:iam::111111111111:role/publisher"
	p := ecr.PublisherPolicy([]*manifest.Registry{a, b}, ecr.Uses{})
	sids := make(map[string]bool)
	for _, s := range p.Statement {
		if sids[s.Sid] {
			t.Errorf("statement ID %s is there twice", s.Sid)
		}
		sids[s.Sid] = true
	}
	if got := actions(p)["ecr:PutImage"]; len(got) != 4 || len(p.Statement) != 3 {
		t.Errorf("%d statements, PutImage on %v", len(p.Statement), got)
	}
	if got := ecr.AssumePolicy([]*manifest.Registry{a}); got != nil {
		t.Errorf("a policy for roles that nobody assumes: %+v", got)
	}
	assume := ecr.AssumePolicy([]*manifest.Registry{a, b})
	if got := actions(assume)["sts:AssumeRole"]; !slices.Equal(got, []string{b.ECR.RoleARN}) {
		t.Errorf("AssumeRole on %v", got)
	}
}

func TestPalettePolicy(t *testing.T) {
	t.Parallel()
	r := spec("111111111111", "us-gov-west-1")
	got := actions(ecr.PalettePolicy([]*manifest.Registry{r}))
	for _, a := range []string{"ecr:GetAuthorizationToken", "ecr:DescribeRepositories", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:ListImages"} {
		if len(got[a]) == 0 {
			t.Errorf("%s is missing", a)
		}
	}
	for a := range got {
		verb := strings.TrimPrefix(a, "ecr:")
		if !slices.ContainsFunc([]string{"Get", "List", "Describe", "BatchGet", "BatchCheck"}, func(p string) bool { return strings.HasPrefix(verb, p) }) {
			t.Errorf("%s writes", a)
		}
	}
	text, err := ecr.TrustPolicy("999999999999", "the-id", r).JSON()
	if err != nil || !json.Valid(text) {
		t.Fatalf("%v in %s", err, text)
	}
	for _, part := range []string{`"AWS": "arn:aws-us-gov:iam::999999999999:root"`, `"sts:ExternalId": [`, `"the-id"`, `"sts:AssumeRole"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing in\n%s", part, text)
		}
	}
}

// TestPoliciesKnowThePartition has a registry in each, by its region or by its
// host.
func TestPoliciesKnowThePartition(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com":        "arn:aws:ecr:eu-west-1:",
		"111111111111.dkr-ecr-fips.us-west-2.on.aws":          "arn:aws:ecr:us-west-2:",
		"111111111111.dkr.ecr.us-gov-west-1.amazonaws.com":    "arn:aws-us-gov:ecr:us-gov-west-1:",
		"111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn":    "arn:aws-cn:ecr:cn-north-1:",
		"111111111111.dkr.ecr.eusc-de-east-1.amazonaws.eu":    "arn:aws-eusc:ecr:eusc-de-east-1:",
		"111111111111.dkr.ecr.us-iso-east-1.c2s.ic.gov":       "arn:aws-iso:ecr:us-iso-east-1:",
		"111111111111.dkr.ecr.us-isob-east-1.sc2s.sgov.gov":   "arn:aws-iso-b:ecr:us-isob-east-1:",
		"111111111111.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk":  "arn:aws-iso-e:ecr:eu-isoe-west-1:",
		"111111111111.dkr.ecr.us-isof-south-1.csp.hci.ic.gov": "arn:aws-iso-f:ecr:us-isof-south-1:",
	} {
		named := spec("", "")
		named.Host = host
		parsed, ok := ecrhost.Parse(host)
		if !ok {
			t.Fatalf("%s is none of Amazon ECR", host)
		}
		for _, r := range []*manifest.Registry{named, spec("111111111111", parsed.Region)} {
			r.ECR.Repository.KMSKey = "alias/packs"
			for kind, p := range map[string]*ecr.Policy{
				"publisher": ecr.PublisherPolicy([]*manifest.Registry{r}, ecr.Uses{}),
				"palette":   ecr.PalettePolicy([]*manifest.Registry{r}),
			} {
				for action, resources := range actions(p) {
					for _, resource := range resources {
						right := strings.HasPrefix(resource, want+"111111111111:repository/") || strings.HasPrefix(resource, strings.Replace(want, ":ecr:", ":kms:", 1)+"111111111111:key/")
						if resource != "*" && !right {
							t.Errorf("%s, %s policy: %s on %s", host, kind, action, resource)
						}
					}
				}
			}
			trust, err := ecr.TrustPolicy("999999999999", "id", r).JSON()
			if principal := strings.Split(want, ":ecr:")[0] + ":iam::999999999999:root"; err != nil || !strings.Contains(string(trust), principal) {
				t.Errorf("%s: no %s in %s", host, principal, trust)
			}
		}
	}
}
