package palette

import (
	"strconv"
	"strings"
)

// Change is one setting that is not as packs.yaml wants it.
type Change struct{ Setting, Have, Want string }

// Differences tells in what a registration differs. Secrets are not compared:
// they come back masked, and so may anything beside them.
func (w *Wanted) Differences(r *Registration) []Change {
	d := &differ{}
	have := r.Spec
	if have == nil {
		have = &Spec{}
	}
	d.text("endpoint", plainEndpoint(have.Endpoint, w.Kind), plainEndpoint(w.Spec.Endpoint, w.Kind))
	d.text("baseContentPath", strings.Trim(have.BaseContentPath, "/"), w.Spec.BaseContentPath)
	d.text("providerType", have.ProviderType, w.Spec.ProviderType)
	d.sync(r)
	switch w.Kind {
	case Basic:
		d.text("basePath", strings.Trim(have.BasePath, "/"), strings.Trim(w.Spec.BasePath, "/"))
		d.auth(have.Auth, w.Spec.Auth)
		d.trust(r, w, authTLS(have.Auth))
	case ECR:
		d.text("defaultRegion", have.DefaultRegion, w.Spec.DefaultRegion)
		d.credentials(have.Credentials, w.Spec.Credentials)
		d.trust(r, w, have.TLS)
	}
	return d.found
}

type differ struct{ found []Change }

func (d *differ) text(setting, have, want string) {
	if have != want && !masked(have) {
		d.found = append(d.found, Change{setting, have, want})
	}
}

// masked tells whether a text was made unreadable by Palette.
func masked(text string) bool { return strings.Contains(text, "**") }

// plainEndpoint is an address without what makes no difference: Palette itself
// takes slashes and /v2 off its end.
func plainEndpoint(endpoint string, k Kind) string {
	endpoint = strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v2")
	if k == ECR {
		endpoint = strings.TrimPrefix(endpoint, "https://")
	}
	return strings.TrimRight(endpoint, "/")
}

// sync: false is left out of what Palette writes, so an absence says nothing
// while the status does not either.
func (d *differ) sync(r *Registration) {
	if r.Spec != nil && r.Spec.IsSyncSupported {
		return
	}
	if r.Status == nil || r.Status.SyncStatus == nil || r.Status.SyncStatus.IsSyncSupported == nil {
		return
	}
	if !*r.Status.SyncStatus.IsSyncSupported {
		d.text("synchronization", "off", "on")
	}
}

func authTLS(a *Auth) *TLS {
	if a == nil {
		return nil
	}
	return a.TLS
}

func (d *differ) auth(have, want *Auth) {
	if have == nil {
		have = &Auth{}
	}
	kind := have.Type
	if kind == "" {
		kind = "noAuth"
	}
	d.text("auth.type", kind, want.Type)
	if want.Type == "basic" && want.Username != "" { // one from a variable is read when it is sent
		d.text("auth.username", have.Username, want.Username)
	}
}

func (d *differ) credentials(have, want *Credentials) {
	if have == nil {
		have = &Credentials{}
	}
	d.text("credentials.type", have.CredentialType, want.CredentialType)
	if have.CredentialType != want.CredentialType {
		return
	}
	if want.STS != nil && have.STS != nil {
		d.text("credentials.roleArn", have.STS.ARN, want.STS.ARN)
		if want.STS.ExternalID != "" && have.STS.ExternalID != "" { // it may count as a secret
			d.text("credentials.externalId", have.STS.ExternalID, want.STS.ExternalID)
		}
	}
	if want.PodIdentity != nil && have.PodIdentity != nil {
		d.text("credentials.roleArn", have.PodIdentity.RoleARN, want.PodIdentity.RoleARN)
		d.text("credentials.permissionBoundaryArn", have.PodIdentity.PermissionBoundaryARN, want.PodIdentity.PermissionBoundaryARN)
	}
}

// trust compares the authority. A Palette that does not tell it may have kept
// the annotation that says what it was sent last.
func (d *differ) trust(r *Registration, w *Wanted, have *TLS) {
	sent := ""
	if r.Metadata != nil {
		sent = r.Metadata.Annotations[annotationTrust]
	}
	if have == nil {
		if sent == w.trustNote() {
			return
		}
		have = &TLS{}
	}
	told := have.Certificate
	if told == "" {
		told = have.CA
	}
	if told == "" && sent != w.trustNote() || told != "" && !masked(told) {
		d.text("tls.certificate", caDigest(told), caDigest(w.trust().Certificate))
	}
	d.text("tls.insecureSkipVerify", strconv.FormatBool(have.InsecureSkipVerify), strconv.FormatBool(w.trust().InsecureSkipVerify))
}
