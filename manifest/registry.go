package manifest

import (
	"path"
	"strings"

	"github.com/packs-cli/packs/internal/ecrhost"
)

// ArchivePath is where Palette looks for packs below a registry's base path.
// Palette appends it to the base content path by itself, so users cannot change it.
const ArchivePath = "spectro-packs/archive"

// RegistryType names the kind of a registry.
type RegistryType string

// The types of registries that packs.yaml knows.
const (
	TypeLayout RegistryType = "layout" // OCI image layouts in a folder
	TypeOCI    RegistryType = "oci"    // any registry with anonymous, basic or token authentication
	TypeECR    RegistryType = "ecr"    // Amazon ECR
	TypeHarbor RegistryType = "harbor" // Harbor
)

// Registry is one entry of registries: in packs.yaml.
type Registry struct {
	Name             string
	Type             RegistryType
	Path             string // layout: absolute path of the folder (or of a bundle, read-only)
	Host             string // oci, harbor: HOST[:PORT]; ecr: worked out or given
	RepositoryPrefix string // between host or project and ArchivePath, without slashes at its ends; may be empty
	ReadOnly         bool   // never a target
	Manual           bool   // a target only when named by a flag
	OnChange         OnChange

	BasePathRepository bool // whether the repository at ArchivePath itself is wanted; true by default, false for layouts
	PlainHTTP          bool // resolved: loopback hosts without tls: are plain HTTP
	TLS                *TLS // nil where the file has none
	Credentials        *Credentials
	Artifact           Artifact
	Limits             Limits
	Harbor             *Harbor // type harbor only
	ECR                *ECR    // type ecr only
	Images             *Images // nil where the file has none
	Palette            *RegistryPalette
	// Unset lists variables of the entry that are not set: it stands as written
	// and cannot be contacted. Load allows that only where LoadOptions says that
	// it will not be.
	Unset    []string
	Position Position
}

// Base returns the repository below which packs are published:
// [PROJECT/][PREFIX/]spectro-packs/archive.
func (r *Registry) Base() string {
	parts := make([]string, 0, 3)
	if r.Harbor != nil {
		parts = append(parts, r.Harbor.Project)
	}
	return path.Join(append(parts, r.RepositoryPrefix, ArchivePath)...)
}

// Repository returns the repository of a pack: Base()/NAME.
func (r *Registry) Repository(name string) string { return r.Base() + "/" + name }

// Reference returns where a version of a pack is, as oras writes it:
// HOST/REPOSITORY:VERSION, or for a layout PATH/REPOSITORY:VERSION.
func (r *Registry) Reference(name, version string) string {
	return r.Address() + "/" + r.Repository(name) + ":" + version
}

// Address is the host of a registry, or the folder of a layout with slashes. An
// ECR registry whose host is not given has the one that its account and region
// make; where the account is not given either, "ecr" stands for it.
func (r *Registry) Address() string {
	switch {
	case r.Type == TypeLayout:
		return strings.TrimSuffix(strings.ReplaceAll(r.Path, "\\", "/"), "/")
	case r.Host == "" && r.ECR != nil:
		host := ecrhost.Host{Account: r.ECR.Account, Region: r.ECR.Region, FIPS: r.ECR.FIPS, DualStack: r.ECR.DualStack}
		if name, err := host.Name(); err == nil {
			return name
		}
		return string(TypeECR)
	}
	return r.Host
}

// Artifact says in which shape packs are written to a registry.
type Artifact struct {
	Shape         string // "oras-1.0" (default) or "oras-1.1"
	ContentDigest string // "annotation" (default) or "none"
}

// Limits bounds what one run asks of a registry. Zero means the default.
type Limits struct {
	Concurrency       int
	RequestsPerSecond float64
}

// TLS says whom to trust and who we are. Paths are absolute.
type TLS struct {
	CAFile, CA         string // a PEM file, or the PEM itself
	CertFile, KeyFile  string // client certificate
	InsecureSkipVerify bool
	Position           Position
}

// Credentials says where a login comes from. It holds no secret itself.
type Credentials struct {
	Username                  string // literal: a user name is no secret
	UsernameEnv, UsernameFile string
	PasswordEnv, PasswordFile string
	Exec                      *Exec // runs only with --allow-exec
	Position                  Position
}

// Exec is a program that prints credentials, as docker's credential helpers do.
type Exec struct {
	Command string
	Args    []string
	Timeout Duration
}

// Images says where container images go that come along with packs.
type Images struct {
	Prefix string // before ORIGINAL-HOST/PATH, without slashes at its ends
}

// Harbor holds what only a Harbor registry has.
type Harbor struct {
	Project       string
	CreateProject bool
	Public        *bool // nil: Harbor's default, which is private
	StorageLimit  int64 // bytes; 0: Harbor's default; -1: none
}

// ECR holds what only an Amazon ECR registry has.
type ECR struct {
	Region, Account string
	Profile         string
	RoleARN         string
	ExternalID      string
	SessionName     string
	CrossAccount    bool
	FIPS, DualStack bool
	Repository      ECRRepository
}

// ECRRepository holds the settings of repositories that apply creates.
type ECRRepository struct {
	TagMutability       string
	ExclusionFilters    []string
	ScanOnPush          bool
	EncryptionType      string
	KMSKey              string
	Tags                map[string]string
	PolicyFile          string // absolute path
	LifecyclePolicyFile string // absolute path
}

// RegistryPalette says that Palette shall know a registry, and how it reads it.
type RegistryPalette struct {
	Name               string
	SyncTimeout        Duration
	InsecureSkipVerify bool
	Credentials        *PaletteCredentials
	API                *Palette // nil: the catalog's
	ReadAs             *ReadAs
	Position           Position
}

// PaletteCredentials is what Palette itself uses to read a registry.
type PaletteCredentials struct {
	Credentials
	Type                               string // secret, sts, pod-identity, basic or none; empty: worked out
	AccessKeyEnv, SecretKeyEnv         string
	AccessKeyFile, SecretKeyFile       string
	RoleARN, ExternalID, ExternalIDEnv string
	PermissionBoundaryARN              string
}

// ReadAs is the address by which Palette reads a registry, where it differs
// from the one that packs are pushed to.
type ReadAs struct {
	Endpoint, BasePath, BaseContentPath string
}
