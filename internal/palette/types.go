package palette

// Kind is the kind of an OCI registry in Palette. Each has paths of its own,
// and those of the other kind answer 404 for it.
type Kind string

// The kinds of OCI registries.
const (
	Basic Kind = "basic" // any registry with basic authentication, or none
	ECR   Kind = "ecr"   // Amazon ECR
)

func (k Kind) other() Kind {
	if k == ECR {
		return Basic
	}
	return ECR
}

// Registration is a registry as Palette knows it. Fields that only one kind has
// are nil or empty in the other. Secrets in what Palette answers are masked.
type Registration struct {
	Kind     string    `json:"kind,omitempty"`
	Metadata *Metadata `json:"metadata,omitempty"`
	Spec     *Spec     `json:"spec,omitempty"`
	Status   *Status   `json:"status,omitempty"`
}

// Metadata names a registry.
type Metadata struct {
	Name        string            `json:"name"`
	UID         string            `json:"uid,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
}

// Spec says how Palette reads a registry.
type Spec struct {
	Endpoint                string `json:"endpoint"`           // basic: with https://; ecr: without
	BasePath                string `json:"basePath,omitempty"` // basic: between host and API
	BaseContentPath         string `json:"baseContentPath,omitempty"`
	ProviderType            string `json:"providerType,omitempty"`
	IsSyncSupported         bool   `json:"isSyncSupported,omitempty"`
	ContainsSpectroManifest bool   `json:"containsSpectroManifest"`
	RegistryUID             string `json:"registryUid,omitempty"`
	Scope                   string `json:"scope,omitempty"`

	Auth *Auth `json:"auth,omitempty"` // basic

	IsPrivate     *bool        `json:"isPrivate,omitempty"` // ecr
	DefaultRegion string       `json:"defaultRegion,omitempty"`
	TLS           *TLS         `json:"tls,omitempty"`
	Credentials   *Credentials `json:"credentials,omitempty"`
}

// Auth is how Palette logs in to a basic registry.
type Auth struct {
	Type     string `json:"type,omitempty"` // noAuth, basic or token
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty"`
	TLS      *TLS   `json:"tls,omitempty"`
}

// TLS says whom Palette trusts. The authority goes into certificate, not into
// ca: so does the vendor's Terraform provider.
type TLS struct {
	Enabled            bool   `json:"enabled"`
	CA                 string `json:"ca,omitempty"`
	Certificate        string `json:"certificate,omitempty"`
	InsecureSkipVerify bool   `json:"insecureSkipVerify"`
}

// Credentials is how Palette logs in to Amazon ECR.
type Credentials struct {
	CredentialType string       `json:"credentialType,omitempty"` // secret, sts or pod-identity
	AccessKey      string       `json:"accessKey,omitempty"`
	SecretKey      string       `json:"secretKey,omitempty"`
	Partition      string       `json:"partition,omitempty"`
	STS            *STS         `json:"sts,omitempty"`
	PodIdentity    *PodIdentity `json:"podIdentity,omitempty"`
}

// STS is a role that Palette assumes.
type STS struct {
	ARN        string `json:"arn,omitempty"`
	ExternalID string `json:"externalId,omitempty"`
}

// PodIdentity is a role that Palette's own pods have.
type PodIdentity struct {
	RoleARN               string `json:"roleArn,omitempty"`
	PermissionBoundaryARN string `json:"permissionBoundaryArn,omitempty"`
}

// Status holds how the last sync went.
type Status struct {
	SyncStatus *SyncStatus `json:"syncStatus,omitempty"`
}

// listMeta is where a list goes on. Only the token leads to the next page:
// the same offset is said to be answered with the first page for ever.
type listMeta struct {
	Continue string `json:"continue"`
}

func (m *listMeta) next() string {
	if m == nil {
		return ""
	}
	return m.Continue
}
