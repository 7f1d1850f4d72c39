package ecr_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

const dev, prod, region = "111111111111", "222222222222", "us-east-1"

// profiles writes an AWS credentials file with a profile for each principal,
// named after its account; the first is the default.
func profiles(t *testing.T, principals ...ecrtest.Principal) string {
	t.Helper()
	var b strings.Builder
	for i, p := range principals {
		names := []string{"of-" + p.Account}
		if i == 0 {
			names = append(names, "default")
		}
		for _, name := range names {
			fmt.Fprintf(&b, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", name, p.AccessKeyID, p.SecretAccessKey)
		}
	}
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// options leads the SDK to a test server with those credentials.
func options(t *testing.T, s *ecrtest.Server, principals ...ecrtest.Principal) ecr.Options {
	t.Helper()
	return ecr.Options{
		Accounts: new(ecr.Accounts),
		Retry:    transport.RetryPolicy{Base: time.Millisecond, Cap: 5 * time.Millisecond},
		AWS: []func(*config.LoadOptions) error{
			config.WithSharedCredentialsFiles([]string{profiles(t, principals...)}),
			config.WithSharedConfigFiles([]string{}),
			config.WithBaseEndpoint(s.URL),
		},
	}
}

func open(t *testing.T, spec *manifest.Registry, o ecr.Options) *ecr.Registry {
	t.Helper()
	r, err := ecr.New(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// start runs a server with one account and opens its registry.
func start(t *testing.T, so ecrtest.Options, change func(*manifest.Registry, *ecr.Options)) (*ecrtest.Server, *ecr.Registry) {
	t.Helper()
	s := ecrtest.Start(t, so)
	user := ecrtest.User(dev)
	if len(so.Principals) > 0 {
		user = so.Principals[0]
	}
	o, r := options(t, s, user), spec(dev, region)
	if change != nil {
		change(r, &o)
	}
	return s, open(t, r, o)
}

const base = "packs/spectro-packs/archive"

// pack makes an artifact of some bytes.
func pack(t *testing.T, name, content string) *artifact.Artifact {
	t.Helper()
	a, err := artifact.New(artifact.Bytes("", []byte(content)), artifact.Title(name, "1.0.0"), artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// push creates the repository of nginx and pushes its version 1.0.0.
func push(t *testing.T, r *ecr.Registry, content string) *artifact.Artifact {
	t.Helper()
	a := pack(t, "nginx", content)
	if err := r.CreateRepository(t.Context(), base+"/nginx"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Push(t.Context(), base+"/nginx", "1.0.0", a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return a
}

// wantError fails unless err is target and its text or hint holds every part.
func wantError(t *testing.T, err, target error, parts ...string) {
	t.Helper()
	if err == nil || (target != nil && !errors.Is(err, target)) {
		t.Fatalf("got %v, want %v", err, target)
	}
	text := err.Error()
	var e *registry.Error
	if errors.As(err, &e) {
		text += "\n" + e.Hint
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
}
