package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

// cmdECR starts an Amazon ECR with one user and leads the AWS SDK to it:
//
//	ecr start [POLICYFILE]   # an IAM policy of the user; without, it may do everything
//
// ECR is set to the HOST:PORT of the registry.
func cmdECR(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || args[0] != "start" {
		ts.Fatalf("usage: ecr start [POLICYFILE]")
	}
	user := ecrtest.User(ecrtest.DefaultAccount)
	if len(args) > 1 {
		user.Policy = ts.ReadFile(args[1])
	}
	binary, err := registrytest.FindTool("registry")
	ts.Check(err)
	s, err := ecrtest.New(context.Background(), ecrtest.Options{
		Binary: binary, Regions: []string{ecrtest.DefaultRegion}, Principals: []ecrtest.Principal{user},
	})
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() })
	ts.Setenv("AWS_ENDPOINT_URL_ECR", s.URL)
	ts.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
	ts.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	ts.Setenv("AWS_ACCESS_KEY_ID", user.AccessKeyID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", user.SecretAccessKey)
	ts.Setenv("ECR", s.Registries()[0].Host)
}

// cmdHarbor drives a Harbor:
//
//	harbor start [tls]
//	harbor project NAME
//	harbor immutable NAME     # a rule of the project protects every tag
//	harbor mutable NAME       # no rule of the project protects any
//
// start sets HARBOR to its HOST:PORT, HARBOR_USER and HARBOR_PASSWORD to its
// administrator, and CA_FILE.
func cmdHarbor(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: harbor start [tls] | harbor project|immutable|mutable NAME")
	case args[0] == "start":
		startHarbor(ts, len(args) > 1 && args[1] == "tls")
	case len(args) == 2:
		s, ok := ts.Value(harborKey{}).(**harbortest.Server)
		if !ok || *s == nil {
			ts.Fatalf("no harbor was started")
		}
		ts.Check(changeProject(*s, args[0], args[1]))
	default:
		ts.Fatalf("harbor: unknown words %q", strings.Join(args, " "))
	}
}

func changeProject(s *harbortest.Server, word, project string) error {
	switch word {
	case "project":
		return s.AddProject(context.Background(), project, "")
	case "immutable":
		return s.AddImmutableRule(context.Background(), project)
	case "mutable":
		return s.RemoveImmutableRules(context.Background(), project)
	}
	return fmt.Errorf("harbor: unknown word %q", word)
}

// harborKey is where a script keeps its Harbor.
type harborKey struct{}

func startHarbor(ts *testscript.TestScript, tls bool) {
	binary, err := registrytest.FindTool("registry")
	ts.Check(err)
	s, err := harbortest.New(harbortest.Options{Binary: binary, TLS: tls})
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() })
	if kept, ok := ts.Value(harborKey{}).(**harbortest.Server); ok {
		*kept = s
	}
	ts.Setenv("HARBOR", s.Host)
	ts.Setenv("HARBOR_USER", harbortest.AdminName)
	ts.Setenv("HARBOR_PASSWORD", harbortest.AdminPassword)
	if s.CA != nil {
		file := filepath.Join(ts.Getenv("WORK"), "harbor-ca.pem")
		ts.Check(os.WriteFile(file, s.CA.PEM, 0o600))
		ts.Setenv("CA_FILE", file)
	}
}

// keepHarbor gives a script room for its Harbor.
func keepHarbor(env *testscript.Env) { env.Values[harborKey{}] = new(*harbortest.Server) }
