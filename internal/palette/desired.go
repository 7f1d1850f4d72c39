package palette

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Wanted is how packs.yaml wants a registry to be known to Palette.
type Wanted struct {
	Name string
	Kind Kind
	Spec Spec // without secrets until Fill

	credentials *manifest.PaletteCredentials
}

// providerPack is the kind of content: packs, rather than Helm charts.
const providerPack = "pack"

// Want works out how Palette shall know a registry, whose host must be known by
// now. It reads the file of the CA, and no secret.
func Want(r *manifest.Registry) (*Wanted, error) {
	block := r.Palette
	w := &Wanted{Name: block.Name, Kind: Basic, credentials: block.Credentials}
	if w.credentials == nil {
		w.credentials = &manifest.PaletteCredentials{}
	}
	ca, err := authority(r.TLS)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", r.Name, err)
	}
	w.Spec = Spec{ProviderType: providerPack, IsSyncSupported: true, BaseContentPath: contentPath(r)}
	trust := &TLS{Enabled: true, Certificate: ca, InsecureSkipVerify: block.InsecureSkipVerify}
	if r.Type == manifest.TypeECR {
		w.Kind = ECR
		w.ecr(r, trust)
	} else {
		w.basic(r, trust)
	}
	return w, nil
}

// basic endpoints have their scheme. Where Palette reads by another address
// than packs are pushed to, readAs says it.
func (w *Wanted) basic(r *manifest.Registry, trust *TLS) {
	scheme := "https://"
	if r.PlainHTTP {
		scheme = "http://"
	}
	w.Spec.Endpoint = scheme + r.Host
	if as := r.Palette.ReadAs; as != nil {
		if as.Endpoint != "" {
			w.Spec.Endpoint = strings.TrimRight(as.Endpoint, "/")
		}
		w.Spec.BasePath = as.BasePath
	}
	w.Spec.Auth = &Auth{Type: "noAuth", Username: w.credentials.Username, TLS: trust}
	if w.login() {
		w.Spec.Auth.Type = "basic"
	}
}

// login tells whether a basic registry gets a user and a password.
func (w *Wanted) login() bool {
	c := w.credentials
	return c.Type == "basic" || c.Type == "" && (c.Username != "" || c.UsernameEnv != "" || c.UsernameFile != "")
}

// ecr endpoints have no scheme.
func (w *Wanted) ecr(r *manifest.Registry, trust *TLS) {
	w.Spec.Endpoint = r.Host
	if as := r.Palette.ReadAs; as != nil && as.Endpoint != "" {
		_, host, _ := strings.Cut(strings.TrimRight(as.Endpoint, "/"), "://")
		w.Spec.Endpoint = host
	}
	private := true
	w.Spec.IsPrivate, w.Spec.DefaultRegion, w.Spec.TLS = &private, r.ECR.Region, trust
	c := &Credentials{CredentialType: w.credentialType(), Partition: partition(r.ECR.Region)}
	switch c.CredentialType {
	case credentialSTS:
		c.STS = &STS{ARN: w.credentials.RoleARN, ExternalID: w.credentials.ExternalID}
	case credentialPod:
		c.PodIdentity = &PodIdentity{RoleARN: w.credentials.RoleARN, PermissionBoundaryARN: w.credentials.PermissionBoundaryARN}
	}
	w.Spec.Credentials = c
}

// The types of credentials for Amazon ECR.
const (
	credentialSecret = "secret" // #nosec G101 -- a word of the API
	credentialSTS    = "sts"
	credentialPod    = "pod-identity"
)

func (w *Wanted) credentialType() string {
	switch {
	case w.credentials.Type != "":
		return w.credentials.Type
	case w.credentials.RoleARN != "":
		return credentialSTS
	}
	return credentialSecret
}

// partition names the part of AWS that a region lies in, as Palette does.
func partition(region string) string {
	for prefix, name := range map[string]string{"us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"} {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "aws"
}

// contentPath is what stands before spectro-packs/archive, which Palette adds.
func contentPath(r *manifest.Registry) string {
	if as := r.Palette.ReadAs; as != nil && as.BaseContentPath != "" {
		return as.BaseContentPath
	}
	return strings.TrimSuffix(strings.TrimSuffix(r.Base(), manifest.ArchivePath), "/")
}

// maxCA is the largest CA file that is read, in bytes.
const maxCA = 1 << 20

// authority is the PEM text of the private CA of a registry, or "".
func authority(t *manifest.TLS) (string, error) {
	switch {
	case t == nil:
		return "", nil
	case t.CAFile == "":
		return strings.TrimSpace(t.CA), nil
	}
	f, err := os.Open(t.CAFile)
	if err != nil {
		return "", fmt.Errorf("tls.caFile: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, maxCA+1))
	if err != nil {
		return "", fmt.Errorf("tls.caFile: %w", err)
	}
	if len(b) > maxCA {
		return "", fmt.Errorf("tls.caFile %s is larger than %d bytes: not a certificate", t.CAFile, maxCA)
	}
	return strings.TrimSpace(string(b)), nil
}

// Fill puts the secrets in that packs.yaml names, and returns them so that they
// can be kept out of everything that is said.
func (w *Wanted) Fill(env func(name string) (value string, ok bool)) (secrets []string, err error) {
	c := w.credentials
	read := func(what, literal, variable, file string, needed bool) string {
		value, found, readErr := transport.Setting(env, what, literal, variable, file)
		switch {
		case err != nil:
		case readErr != nil:
			err = readErr
		case needed && !found:
			err = fmt.Errorf("%sEnv or %sFile is missing", what, what)
		}
		return value
	}
	if w.Kind == Basic {
		if w.Spec.Auth.Type == "basic" {
			w.Spec.Auth.Username = read("username", c.Username, c.UsernameEnv, c.UsernameFile, true)
			w.Spec.Auth.Password = read("password", "", c.PasswordEnv, c.PasswordFile, true)
			secrets = append(secrets, w.Spec.Auth.Password)
		}
		return secrets, w.credentialsError(err)
	}
	to := w.Spec.Credentials
	switch to.CredentialType {
	case credentialSecret:
		to.AccessKey = read("accessKey", "", c.AccessKeyEnv, c.AccessKeyFile, true)
		to.SecretKey = read("secretKey", "", c.SecretKeyEnv, c.SecretKeyFile, true)
		secrets = append(secrets, to.SecretKey)
	case credentialSTS:
		to.STS.ExternalID = read("externalId", c.ExternalID, c.ExternalIDEnv, "", false)
		if c.ExternalIDEnv != "" {
			secrets = append(secrets, to.STS.ExternalID)
		}
	}
	return secrets, w.credentialsError(err)
}

func (w *Wanted) credentialsError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("credentials of palette: for %s (what Palette itself reads with): %w", w.Name, err)
}

// annotationTrust says which authority was last sent, for a Palette that does
// not tell the certificate when it is asked for it.
const annotationTrust = "packs-cli.trust"

// Registration is what Palette is sent. What an older one has that packs.yaml
// does not speak of stays.
func (w *Wanted) Registration(old *Registration) *Registration {
	spec := w.Spec
	r := &Registration{Metadata: &Metadata{Name: w.Name, Annotations: map[string]string{annotationTrust: w.trustNote()}}, Spec: &spec}
	if old == nil {
		return r
	}
	r.Kind = old.Kind
	if m := old.Metadata; m != nil {
		r.Metadata.UID, r.Metadata.Labels = m.UID, m.Labels
		for key, value := range m.Annotations {
			if key != annotationTrust {
				r.Metadata.Annotations[key] = value
			}
		}
	}
	if s := old.Spec; s != nil {
		spec.ContainsSpectroManifest, spec.RegistryUID, spec.Scope = s.ContainsSpectroManifest, s.RegistryUID, s.Scope
	}
	return r
}

func (w *Wanted) trust() *TLS {
	if w.Kind == ECR {
		return w.Spec.TLS
	}
	return w.Spec.Auth.TLS
}

func (w *Wanted) trustNote() string {
	return caDigest(w.trust().Certificate) + " skip-verify=" + strconv.FormatBool(w.trust().InsecureSkipVerify)
}

// caDigest identifies a certificate in a text; "none" where there is none.
func caDigest(pem string) string {
	pem = strings.Join(strings.Fields(pem), "\n")
	if pem == "" {
		return "none"
	}
	sum := sha256.Sum256([]byte(pem))
	return "sha256:" + hex.EncodeToString(sum[:])[:16]
}
