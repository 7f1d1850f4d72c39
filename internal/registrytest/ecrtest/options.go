package ecrtest

import (
	"time"
)

// The defaults of Options.
const (
	DefaultAccount = "111111111111"
	DefaultRegion  = "us-east-1"

	defaultPageSize     = 100
	defaultPutImageRate = 10 // per second, account and region: the published quota
	defaultTokenTTL     = 12 * time.Hour
	defaultMaxRepos     = 10000
)

// Options says what a server is like. The zero value is one account with one
// user, without TLS, with the quotas of the real service.
type Options struct {
	// Binary is the registry server (distribution v3); by default .bin/registry
	// in the module that the working directory is in.
	Binary string
	// Regions are those that exist; by default DefaultRegion and eu-west-1.
	Regions []string
	// Principals are the users; by default User(DefaultAccount).
	Principals []Principal
	// Roles can be assumed by principals through STS.
	Roles []Role
	// TLS serves HTTPS with a certificate of Server.CA, and opens Server.ProxyURL.
	TLS bool
	// BasePort is the first of a row of fixed ports: control plane, layer
	// storage, then one for each account and region. 0 means any free ports.
	BasePort int

	// PutImageRate is how many manifests an account may write per second and
	// region; 0 means 10, negative means no limit.
	PutImageRate float64
	// TokenUses is after how many requests an authorization token expires; 0 means never.
	TokenUses int
	// TokenTTL is the validity of authorization tokens; 0 means 12 h.
	TokenTTL time.Duration
	// PageSize is how many entries a page of the control plane has when the
	// caller does not say; 0 means 100.
	PageSize int
	// TagsPageSize bounds the pages of tags/list; 0 means as asked.
	TagsPageSize int
	// MaxRepositories is the quota of repositories per registry; 0 means 10000.
	MaxRepositories int
	// CreateOnPush are the prefixes of creation templates that make a repository
	// when the API is asked to begin an upload to it; "ROOT" is one for every name.
	CreateOnPush []string
	// BlobMounting lets layers be mounted from other repositories of a registry.
	BlobMounting bool
	// SameHostLayers puts the layer storage on the host name of the registries,
	// only with another port. By default it has another host name.
	SameHostLayers bool
	// Now is the clock of the server; by default the real one.
	Now func() time.Time
}

// Principal is a user with access keys.
type Principal struct {
	Account         string
	Name            string
	AccessKeyID     string
	SecretAccessKey string
	// Policy is an IAM policy document (JSON). Empty allows everything.
	Policy string
	// Accounts are other accounts whose registries let this principal in.
	Accounts []string
}

// User returns a principal of an account that may do everything in it. Its keys
// are made up from the account.
func User(account string) Principal {
	return Principal{
		Account: account, Name: "packs",
		AccessKeyID: "AKIATEST" + account, SecretAccessKey: "secret-key-of-" + account,
	}
}

// Role is a role that sts:AssumeRole gives temporary keys for.
type Role struct {
	ARN        string   // arn:aws:iam::ACCOUNT:role/NAME
	ExternalID string   // when set, callers must give it
	TrustedBy  []string // accounts whose principals may assume it; empty: its own
	Policy     string   // as for a Principal
	Accounts   []string // as for a Principal
	// WebIdentityToken, when set, gets the role by AssumeRoleWithWebIdentity.
	WebIdentityToken string
}

func (o *Options) setDefaults() {
	if len(o.Regions) == 0 {
		o.Regions = []string{DefaultRegion, "eu-west-1"}
	}
	if len(o.Principals) == 0 {
		o.Principals = []Principal{User(DefaultAccount)}
	}
	if o.PutImageRate == 0 {
		o.PutImageRate = defaultPutImageRate
	}
	if o.TokenTTL == 0 {
		o.TokenTTL = defaultTokenTTL
	}
	if o.PageSize == 0 {
		o.PageSize = defaultPageSize
	}
	if o.MaxRepositories == 0 {
		o.MaxRepositories = defaultMaxRepos
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}
