package harbortest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

func addProject(t *testing.T, s *harbortest.Server, name, settings string) {
	t.Helper()
	if err := s.AddProject(t.Context(), name, settings); err != nil {
		t.Fatal(err)
	}
}

// addRobot makes a robot account for the project packs.
func addRobot(t *testing.T, s *harbortest.Server, level, name string, rights ...string) login {
	t.Helper()
	user, password, err := s.AddRobot(t.Context(), level, "packs", name, rights...)
	if err != nil {
		t.Fatal(err)
	}
	return login{user, password}
}

type login struct{ user, password string }

var (
	admin  = login{harbortest.AdminName, harbortest.AdminPassword}
	nobody login
)

// reply is an answer with its body read.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request; its path may be absolute, too.
func send(t *testing.T, s *harbortest.Server, who login, method, path, body string, header ...string) reply {
	t.Helper()
	if strings.HasPrefix(path, "/") {
		path = s.URL + path
	}
	req, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if who != nobody {
		req.SetBasicAuth(who.user, who.password)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

// want checks a reply against a status and its error, "CODE message", or "" for none.
func (r reply) want(t *testing.T, status int, failure string) {
	t.Helper()
	body := ""
	if code, message, ok := strings.Cut(failure, " "); ok {
		body = `{"errors":[{"code":"` + code + `","message":"` + message + `"}]}` + "\n"
	}
	if r.status != status || r.body != body {
		t.Errorf("reply %d %s, want %d %s", r.status, r.body, status, body)
	}
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	emptyConfig  = "{}"
)

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// putBlob uploads a blob and returns the reply to the PUT.
func putBlob(t *testing.T, s *harbortest.Server, who login, repository, content string) reply {
	t.Helper()
	r := send(t, s, who, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", "")
	if r.status != http.StatusAccepted {
		return r
	}
	return send(t, s, who, http.MethodPut, r.header.Get("Location")+"&digest="+digestOf(content), content)
}

// manifest is one of the shape that oras 1.0 writes, with the empty config and no layer.
func manifest(annotation string) string {
	return `{"schemaVersion":2,"mediaType":"` + manifestType + `","config":{"mediaType":"application/vnd.unknown.config.v1+json","digest":"` +
		digestOf(emptyConfig) + `","size":2},"layers":[],"annotations":{"test":"` + annotation + `"}}`
}

func putManifest(t *testing.T, s *harbortest.Server, who login, repository, tag, body string) reply {
	t.Helper()
	return send(t, s, who, http.MethodPut, "/v2/"+repository+"/manifests/"+tag, body, "Content-Type", manifestType)
}

// push puts a manifest with its config under a tag.
func push(t *testing.T, s *harbortest.Server, repository, tag, annotation string) (digest string) {
	t.Helper()
	if r := putBlob(t, s, admin, repository, emptyConfig); r.status != http.StatusCreated {
		t.Fatalf("blob: %d %s", r.status, r.body)
	}
	body := manifest(annotation)
	if r := putManifest(t, s, admin, repository, tag, body); r.status != http.StatusCreated {
		t.Fatalf("manifest: %d %s", r.status, r.body)
	}
	return digestOf(body)
}

// oras runs the real CLI with a configuration of its own.
type oras struct {
	t    *testing.T
	s    *harbortest.Server
	home string
	dir  string
}

func newOras(t *testing.T, s *harbortest.Server) *oras {
	t.Helper()
	return &oras{t, s, t.TempDir(), t.TempDir()}
}

func (o *oras) run(stdin string, args ...string) (string, error) {
	o.t.Helper()
	program := registrytest.Tool(o.t, "oras")
	if o.s.CA != nil {
		args = append(args, "--ca-file", o.s.CAFile)
	} else {
		args = append(args, "--plain-http")
	}
	cmd := exec.CommandContext(o.t.Context(), program, args...)
	cmd.Dir, cmd.Stdin = o.dir, strings.NewReader(stdin)
	cmd.Env = []string{"HOME=" + o.home, "DOCKER_CONFIG=" + o.home}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (o *oras) must(stdin string, args ...string) string {
	o.t.Helper()
	out, err := o.run(stdin, args...)
	if err != nil {
		o.t.Fatalf("oras %v: %v\n%s", args, err, out)
	}
	return out
}

func (o *oras) login(who login) {
	o.t.Helper()
	o.must(who.password+"\n", "login", o.s.Host, "-u", who.user, "--password-stdin")
}

func (o *oras) file(name, content string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(content), 0o644); err != nil {
		o.t.Fatal(err)
	}
}
