package ecr_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/transport"
)

// environment sets the variables that the SDK reads itself, and nothing else
// that it could find on this machine.
func environment(t *testing.T, vars map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"HOME": dir, "USERPROFILE": dir, "AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_SESSION_TOKEN": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": "", "AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
	} {
		if replaced, ok := vars[name]; ok {
			value = replaced
		}
		t.Setenv(name, value)
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
	if vars["AWS_ENDPOINT_URL"] == "" {
		if err := os.Unsetenv("AWS_ENDPOINT_URL"); err != nil { // t.Setenv puts it back
			t.Fatal(err)
		}
	}
}

func fast() ecr.Options {
	return ecr.Options{Retry: transport.RetryPolicy{Tries: 1, Base: 1}}
}

// TestEnvironment is the document's way: keys, region and nothing else.
func TestEnvironment(t *testing.T) {
	s := ecrtest.Start(t, ecrtest.Options{})
	user := ecrtest.User(dev)
	environment(t, map[string]string{
		"AWS_ACCESS_KEY_ID": user.AccessKeyID, "AWS_SECRET_ACCESS_KEY": user.SecretAccessKey,
		"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL_ECR": s.URL,
	})
	r := spec("", "")
	push(t, open(t, r, fast()), "content")
	if names := s.Registry(dev, "eu-west-1").Names(); len(names) != 1 {
		t.Errorf("repositories in eu-west-1: %v", names)
	}
}

// TestWebIdentity is the way of pods and of CI systems with OpenID Connect.
func TestWebIdentity(t *testing.T) {
	role := ecrtest.Role{ARN: "arn:aws:iam::222222222222:role/pod", WebIdentityToken: "a.jwt.token"}
	s := ecrtest.Start(t, ecrtest.Options{Roles: []ecrtest.Role{role}})
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(role.WebIdentityToken), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, map[string]string{
		"AWS_ROLE_ARN": role.ARN, "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_REGION": region,
		"AWS_ENDPOINT_URL_ECR": s.URL, "AWS_ENDPOINT_URL_STS": s.URL, // the SDK takes AWS_ENDPOINT_URL for ECR, but not for this call of STS
	})
	push(t, open(t, spec(prod, ""), fast()), "content")
	if names := s.Registry(prod, region).Names(); len(names) != 1 {
		t.Errorf("repositories of the role's account: %v", names)
	}
}

func TestNoRegionAndNoCredentials(t *testing.T) {
	s := ecrtest.Start(t, ecrtest.Options{})
	environment(t, map[string]string{"AWS_ENDPOINT_URL_ECR": s.URL})
	_, _, err := open(t, spec(dev, ""), fast()).Manifest(t.Context(), base, "1")
	wantError(t, err, nil, "no AWS region is known", "AWS_REGION")
	_, _, err = open(t, spec(dev, region), fast()).Manifest(t.Context(), base, "1")
	wantError(t, err, registry.ErrUnauthorized, "no AWS credentials were found", "AWS_ACCESS_KEY_ID")
	if n := s.Count(); n != 0 {
		t.Errorf("%d requests without credentials", n)
	}
}
