package ecr

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/manifest"
)

const policyVersion = "2012-10-17" // of the IAM policy language

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is one statement of a policy. A role's trust policy has a principal
// and no resource.
type Statement struct {
	Sid       string                         `json:",omitempty"`
	Effect    string                         // "Allow"
	Principal map[string]string              `json:",omitempty"`
	Action    []string                       // sorted, at least one
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

// JSON returns the document, indented.
func (p *Policy) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write policy: %w", err)
	}
	return append(b, '\n'), nil
}

// Uses says which optional commands a policy shall allow.
type Uses struct {
	Prune              bool // packs prune, apply --prune: delete versions, and repositories that are empty then
	UpdateRepositories bool // packs apply --update-repositories: change settings
}

// PublisherPolicy is the least that the credentials of these registries must
// be allowed for what packs.yaml asks: for registries that share credentials
// one document. Registries that are no ECR are left out.
func PublisherPolicy(registries []*manifest.Registry, uses Uses) *Policy {
	var b builder
	for _, r := range registries {
		if r.Type != manifest.TypeECR || r.ECR == nil {
			continue
		}
		b.add("Login", []string{"*"}, "ecr:GetAuthorizationToken") // has no resource of its own
		if r.ReadOnly {
			b.add("Read", repositories(r), readActions...)
			continue
		}
		b.publisher(r, uses)
	}
	return b.policy()
}

// The actions behind each kind of work. Those of reading and writing are the
// ones that the data plane's requests are checked against.
var (
	readActions = []string{
		"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:ListImages",
	}
	publishActions = []string{
		"ecr:CreateRepository", "ecr:DescribeImages", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart",
		"ecr:CompleteLayerUpload", "ecr:PutImage",
	}
	// paletteActions is the list for private registries in Palette's documents.
	paletteActions = []string{
		"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImageReplicationStatus",
		"ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:GetLifecyclePolicy",
		"ecr:GetLifecyclePolicyPreview", "ecr:GetRepositoryPolicy", "ecr:ListImages", "ecr:ListTagsForResource",
	}
)

func (b *builder) publisher(r *manifest.Registry, uses Uses) {
	own, want := repositories(r), &r.ECR.Repository
	b.add("Publish", own, readActions...)
	b.add("Publish", own, publishActions...)
	b.add("ListRepositories", []string{resource(r, "*")}, "ecr:DescribeRepositories") // without names it is asked for all
	if len(want.Tags) > 0 {
		b.add("Publish", own, "ecr:TagResource", "ecr:ListTagsForResource")
	}
	if want.LifecyclePolicyFile != "" {
		b.add("Publish", own, "ecr:PutLifecyclePolicy", "ecr:GetLifecyclePolicy")
	}
	if want.PolicyFile != "" {
		b.add("Publish", own, "ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy")
	}
	if uses.UpdateRepositories && want.TagMutability != "" {
		b.add("Publish", own, "ecr:PutImageTagMutability")
	}
	if uses.UpdateRepositories && want.ScanOnPush {
		b.add("Publish", own, "ecr:PutImageScanningConfiguration")
	}
	if uses.Prune {
		b.add("Publish", own, "ecr:BatchDeleteImage", "ecr:DeleteRepository")
	}
	b.key(r)
}

// key allows the use of a customer's KMS key: ECR makes a grant on it for each
// repository that is created.
func (b *builder) key(r *manifest.Registry) {
	key := r.ECR.Repository.KMSKey
	if key == "" {
		return
	}
	s := Statement{Sid: "EncryptionKey", Effect: "Allow", Action: []string{"kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"}}
	region, account := place(r)
	keys := fmt.Sprintf("arn:%s:kms:%s:%s:key/", ecrhost.Partition(region), orAny(region), orAny(account))
	_, alias, isAlias := strings.Cut(key, "alias/")
	switch {
	case isAlias:
		s.Resource = []string{keys + "*"}
		s.Condition = map[string]map[string][]string{"ForAnyValue:StringEquals": {"kms:ResourceAliases": {"alias/" + alias}}}
	case strings.HasPrefix(key, "arn:"):
		s.Resource = []string{key}
	default:
		s.Resource = []string{keys + key}
	}
	b.statements = append(b.statements, s)
}

// AssumePolicy is what the credentials that a run begins with must be allowed
// so that it can assume the roles of these registries; nil where there are none.
func AssumePolicy(registries []*manifest.Registry) *Policy {
	var b builder
	for _, r := range registries {
		if r.Type == manifest.TypeECR && r.ECR != nil && r.ECR.RoleARN != "" {
			b.add("AssumePublisher", []string{r.ECR.RoleARN}, "sts:AssumeRole")
		}
	}
	if len(b.statements) == 0 {
		return nil
	}
	return b.policy()
}

// PalettePolicy is what Palette's reader of these registries must be allowed.
func PalettePolicy(registries []*manifest.Registry) *Policy {
	var b builder
	for _, r := range registries {
		if r.Type != manifest.TypeECR || r.ECR == nil {
			continue
		}
		b.add("Login", []string{"*"}, "ecr:DescribeRegistry", "ecr:GetAuthorizationToken", "ecr:GetRegistryPolicy")
		b.add("ListRepositories", []string{resource(r, "*")}, "ecr:DescribeRepositories")
		b.add("Read", repositories(r), paletteActions...)
	}
	return b.policy()
}

// TrustPolicy lets an account assume a role when it gives the external ID: in the
// partition of the registry that the role reads. For
// Palette's STS login both are shown where the registry is added.
func TrustPolicy(account, externalID string, of *manifest.Registry) *Policy {
	region, _ := place(of)
	s := Statement{
		Effect: "Allow", Action: []string{"sts:AssumeRole"},
		Principal: map[string]string{"AWS": fmt.Sprintf("arn:%s:iam::%s:root", ecrhost.Partition(region), account)},
	}
	if externalID != "" {
		s.Condition = map[string]map[string][]string{"StringEquals": {"sts:ExternalId": {externalID}}}
	}
	return &Policy{Version: policyVersion, Statement: []Statement{s}}
}

// builder collects statements and joins those that only differ in actions or
// in resources.
type builder struct{ statements []Statement }

func (b *builder) add(sid string, resources []string, actions ...string) {
	for i := range b.statements {
		s := &b.statements[i]
		if s.Condition == nil && slices.Equal(s.Resource, resources) && (s.Sid == sid) {
			s.Action = append(s.Action, actions...)
			return
		}
	}
	b.statements = append(b.statements, Statement{Sid: sid, Effect: "Allow", Action: slices.Clone(actions), Resource: resources})
}

// policy joins statements with equal actions and gives each an ID of its own.
func (b *builder) policy() *Policy {
	p := &Policy{Version: policyVersion, Statement: []Statement{}}
	count := make(map[string]int)
	for _, s := range b.statements {
		slices.Sort(s.Action)
		s.Action = slices.Compact(s.Action)
		at := slices.IndexFunc(p.Statement, func(o Statement) bool {
			return o.Condition == nil && s.Condition == nil && slices.Equal(o.Action, s.Action)
		})
		if at >= 0 {
			joined := append(slices.Clone(p.Statement[at].Resource), s.Resource...)
			slices.Sort(joined)
			p.Statement[at].Resource = slices.Compact(joined)
			continue
		}
		if count[s.Sid]++; count[s.Sid] > 1 {
			s.Sid = fmt.Sprintf("%s%d", s.Sid, count[s.Sid])
		}
		p.Statement = append(p.Statement, s)
	}
	return p
}

// repositories are the ARNs of the base path repository and of those of packs.
func repositories(r *manifest.Registry) []string {
	return []string{resource(r, r.Base()), resource(r, r.Base()+"/*")}
}

func resource(r *manifest.Registry, repository string) string {
	region, account := place(r)
	return fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", ecrhost.Partition(region), orAny(region), orAny(account), repository)
}

// place is where a registry is, as far as packs.yaml says: by its keys or its host.
func place(r *manifest.Registry) (region, account string) {
	h, _ := ecrhost.Parse(r.Host)
	return cmp.Or(r.ECR.Region, h.Region), cmp.Or(r.ECR.Account, h.Account)
}

// orAny stands in for what packs.yaml leaves to the environment.
func orAny(s string) string { return cmp.Or(s, "*") }
