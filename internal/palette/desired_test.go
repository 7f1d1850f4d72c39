package palette

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

func variables(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if key, value, _ := strings.Cut(p, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}

// registries of packs.yaml and what Palette shall be told, secrets filled in.
func TestWant(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte("PEM\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := variables("U=user", "P=pass", "A=AKIA", "S=canary-secret", "X=canary-ext")
	block := func(p manifest.RegistryPalette) *manifest.RegistryPalette { p.Name = "n"; return &p }
	tests := []struct {
		name string
		r    manifest.Registry
		want string // of the spec, as JSON
		kept []string
	}{
		{
			"oci on this machine",
			manifest.Registry{Type: manifest.TypeOCI, Host: "127.0.0.1:5000", PlainHTTP: true, RepositoryPrefix: "team/a", Palette: block(manifest.RegistryPalette{})},
			`{"endpoint":"http://127.0.0.1:5000","baseContentPath":"team/a","providerType":"pack","isSyncSupported":true,"containsSpectroManifest":false,"auth":{"type":"noAuth","tls":{"enabled":true,"insecureSkipVerify":false}}}`, nil,
		},
		{
			"harbor with a CA",
			manifest.Registry{
				Type: manifest.TypeHarbor, Host: "harbor.example:8443", Harbor: &manifest.Harbor{Project: "platform"}, RepositoryPrefix: "x", TLS: &manifest.TLS{CAFile: ca},
				Palette: block(manifest.RegistryPalette{InsecureSkipVerify: true, Credentials: &manifest.PaletteCredentials{Credentials: manifest.Credentials{UsernameEnv: "U", PasswordEnv: "P"}}}),
			},
			`{"endpoint":"https://harbor.example:8443","baseContentPath":"platform/x","providerType":"pack","isSyncSupported":true,"containsSpectroManifest":false,"auth":{"type":"basic","username":"user","password":"pass","tls":{"enabled":true,"certificate":"PEM","insecureSkipVerify":true}}}`,
			[]string{"pass"},
		},
		{
			"read by another address",
			manifest.Registry{
				Type: manifest.TypeOCI, Host: "push.example", RepositoryPrefix: "repo/base",
				Palette: block(manifest.RegistryPalette{ReadAs: &manifest.ReadAs{Endpoint: "https://art.example/", BasePath: "/artifactory/api/docker/repo", BaseContentPath: "base"}}),
			},
			`{"endpoint":"https://art.example","basePath":"/artifactory/api/docker/repo","baseContentPath":"base","providerType":"pack","isSyncSupported":true,"containsSpectroManifest":false,"auth":{"type":"noAuth","tls":{"enabled":true,"insecureSkipVerify":false}}}`, nil,
		},
		{
			"ecr with keys",
			manifest.Registry{
				Type: manifest.TypeECR, Host: "1.dkr.ecr.us-east-1.amazonaws.com", ECR: &manifest.ECR{Region: "us-east-1"}, RepositoryPrefix: "packs",
				Palette: block(manifest.RegistryPalette{Credentials: &manifest.PaletteCredentials{AccessKeyEnv: "A", SecretKeyEnv: "S"}}),
			},
			`{"endpoint":"1.dkr.ecr.us-east-1.amazonaws.com","baseContentPath":"packs","providerType":"pack","isSyncSupported":true,"containsSpectroManifest":false,"isPrivate":true,"defaultRegion":"us-east-1","tls":{"enabled":true,"insecureSkipVerify":false},"credentials":{"credentialType":"secret","accessKey":"AKIA","secretKey":"canary-secret","partition":"aws"}}`,
			[]string{"canary-secret"},
		},
		{
			"ecr with a role",
			manifest.Registry{
				Type: manifest.TypeECR, Host: "h", ECR: &manifest.ECR{Region: "us-gov-west-1"},
				Palette: block(manifest.RegistryPalette{Credentials: &manifest.PaletteCredentials{RoleARN: "arn:r", ExternalIDEnv: "X"}}),
			},
			`{"endpoint":"h","providerType":"pack","isSyncSupported":true,"containsSpectroManifest":false,"isPrivate":true,"defaultRegion":"us-gov-west-1","tls":{"enabled":true,"insecureSkipVerify":false},"credentials":{"credentialType":"sts","partition":"aws-us-gov","sts":{"arn":"arn:r","externalId":"canary-ext"}}}`,
			[]string{"canary-ext"},
		},
		{
			"ecr with pod identity",
			manifest.Registry{
				Type: manifest.TypeECR, Host: "h", ECR: &manifest.ECR{Region: "eu-west-1"},
				Palette: block(manifest.RegistryPalette{Credentials: &manifest.PaletteCredentials{Type: "pod-identity", RoleARN: "arn:r", PermissionBoundaryARN: "arn:b"}}),
			},
			`{"endpoint":"h","providerType":"pack","isSyncSupported":true,"containsSpectroManifest":false,"isPrivate":true,"defaultRegion":"eu-west-1","tls":{"enabled":true,"insecureSkipVerify":false},"credentials":{"credentialType":"pod-identity","partition":"aws","podIdentity":{"roleArn":"arn:r","permissionBoundaryArn":"arn:b"}}}`, nil,
		},
	}
	for _, tt := range tests {
		w, err := Want(&tt.r)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		kept, err := w.Fill(env)
		if err != nil || !slices.Equal(kept, tt.kept) {
			t.Errorf("%s: secrets %v, %v, want %v", tt.name, kept, err, tt.kept)
		}
		if got, err := json.Marshal(&w.Spec); err != nil || string(got) != tt.want {
			t.Errorf("%s:\n%s, %v\nwant\n%s", tt.name, got, err, tt.want)
		}
	}
}

func TestFillNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	tests := map[string]*manifest.PaletteCredentials{
		"credentials of palette: for n (what Palette itself reads with): accessKeyEnv or accessKeyFile is missing":             {},
		"credentials of palette: for n (what Palette itself reads with): environment variable NOPE (secretKeyEnv) is not set":  {AccessKeyEnv: "A", SecretKeyEnv: "NOPE"},
		"credentials of palette: for n (what Palette itself reads with): environment variable NOPE (externalIdEnv) is not set": {Type: "sts", ExternalIDEnv: "NOPE"},
	}
	for want, c := range tests {
		w, err := Want(&manifest.Registry{Type: manifest.TypeECR, Host: "h", ECR: &manifest.ECR{}, Palette: &manifest.RegistryPalette{Name: "n", Credentials: c}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Fill(variables("A=x")); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	w, err := Want(&manifest.Registry{Type: manifest.TypeOCI, Host: "h", Palette: &manifest.RegistryPalette{Name: "n", Credentials: &manifest.PaletteCredentials{Credentials: manifest.Credentials{Username: "u"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Fill(nil); err == nil || !strings.HasSuffix(err.Error(), "passwordEnv or passwordFile is missing") {
		t.Errorf("a user without a password: %v", err)
	}
	if _, err := Want(&manifest.Registry{Type: manifest.TypeOCI, Host: "h", TLS: &manifest.TLS{CAFile: "/no/such/file"}, Palette: &manifest.RegistryPalette{}}); err == nil || !strings.Contains(err.Error(), "tls.caFile") {
		t.Errorf("no file: %v", err)
	}
}

// TestDifferences: what Palette does not tell, or tells masked, is none.
func TestDifferences(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	spec := func(change func(*Spec)) *Registration {
		w := wantedBasic("https://h.example", "base")
		w.Spec.Auth = &Auth{Type: "basic", Username: "u", Password: "********", TLS: &TLS{Enabled: true, Certificate: "CERT"}}
		change(&w.Spec)
		return &Registration{Metadata: &Metadata{Annotations: map[string]string{}}, Spec: &w.Spec, Status: &Status{SyncStatus: &SyncStatus{IsSyncSupported: &yes}}}
	}
	wanted := wantedBasic("https://h.example", "base")
	wanted.Spec.Auth = &Auth{Type: "basic", Username: "u", TLS: &TLS{Enabled: true, Certificate: "CERT"}}
	tests := map[string]struct {
		have *Registration
		want string // settings that differ
	}{
		"the same":              {spec(func(*Spec) {}), ""},
		"slashes and /v2":       {spec(func(s *Spec) { s.Endpoint, s.BaseContentPath = "https://h.example/v2/", "/base/" }), ""},
		"another host":          {spec(func(s *Spec) { s.Endpoint = "https://i.example" }), "endpoint"},
		"another path":          {spec(func(s *Spec) { s.BaseContentPath = "other" }), "baseContentPath"},
		"helm":                  {spec(func(s *Spec) { s.ProviderType = "helm" }), "providerType"},
		"a user that is masked": {spec(func(s *Spec) { s.Auth.Username = "********" }), ""},
		"another user":          {spec(func(s *Spec) { s.Auth.Username = "v" }), "auth.username"},
		"no login":              {spec(func(s *Spec) { s.Auth = &Auth{TLS: s.Auth.TLS} }), "auth.type auth.username"},
		"a certificate masked":  {spec(func(s *Spec) { s.Auth.TLS.Certificate = "****" }), ""},
		"the certificate as ca": {spec(func(s *Spec) { s.Auth.TLS = &TLS{CA: "CERT\n"} }), ""},
		"another certificate":   {spec(func(s *Spec) { s.Auth.TLS.Certificate = "OTHER" }), "tls.certificate"},
		"no certificate":        {spec(func(s *Spec) { s.Auth.TLS.Certificate = "" }), "tls.certificate"},
		"null for tls":          {spec(func(s *Spec) { s.Auth.TLS = nil }), "tls.certificate"},
		"not verified":          {spec(func(s *Spec) { s.Auth.TLS.InsecureSkipVerify = true }), "tls.insecureSkipVerify"},
		"null for everything":   {&Registration{}, "endpoint baseContentPath providerType auth.type auth.username tls.certificate"},
		"sync not told":         {func() *Registration { r := spec(func(s *Spec) { s.IsSyncSupported = false }); r.Status = nil; return r }(), ""},
		"sync off": {func() *Registration {
			r := spec(func(s *Spec) { s.IsSyncSupported = false })
			r.Status.SyncStatus.IsSyncSupported = &no
			return r
		}(), "synchronization"},
		"tls hidden, but noted": {func() *Registration {
			r := spec(func(s *Spec) { s.Auth.TLS = nil })
			r.Metadata.Annotations[annotationTrust] = wanted.trustNote()
			return r
		}(), ""},
		"certificate gone, noted": {func() *Registration {
			r := spec(func(s *Spec) { s.Auth.TLS.Certificate = "" })
			r.Metadata.Annotations[annotationTrust] = wanted.trustNote()
			return r
		}(), ""},
		"hidden, noted otherwise": {func() *Registration {
			r := spec(func(s *Spec) { s.Auth.TLS = nil })
			r.Metadata.Annotations[annotationTrust] = "sha256:x"
			return r
		}(), "tls.certificate"},
	}
	for name, tt := range tests {
		var got []string
		for _, c := range wanted.Differences(tt.have) {
			got = append(got, c.Setting)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", name, got, tt.want)
		}
	}
}

// TestRegistrationKeepsWhatIsNotOurs: labels, other annotations, the check box
// for Spectro manifests.
func TestRegistrationKeepsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	w := wantedBasic("https://h", "b")
	old := &Registration{
		Kind: "k", Metadata: &Metadata{Name: "site", UID: "u", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d", annotationTrust: "old"}},
		Spec: &Spec{ContainsSpectroManifest: true, RegistryUID: "r", Scope: "tenant", Endpoint: "https://old", Auth: &Auth{Type: "basic", Password: "********"}},
	}
	r := w.Registration(old)
	if r.Metadata.UID != "u" || r.Metadata.Labels["a"] != "b" || r.Metadata.Annotations["c"] != "d" || r.Metadata.Annotations[annotationTrust] != w.trustNote() {
		t.Errorf("metadata %+v", r.Metadata)
	}
	if !r.Spec.ContainsSpectroManifest || r.Spec.Scope != "tenant" || r.Spec.Endpoint != "https://h" || r.Spec.Auth.Password != "" {
		t.Errorf("spec %+v", r.Spec)
	}
	if w.Spec.ContainsSpectroManifest {
		t.Error("what is wanted was changed")
	}
}
