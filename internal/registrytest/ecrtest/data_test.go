package ecrtest_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
)

// password gets an authorization token and returns the password in it.
func password(t *testing.T, c *ecr.Client) string {
	t.Helper()
	out, err := c.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(text), "AWS:")
}

// oras runs the real CLI. It returns its output, stderr included.
type oras struct {
	t      *testing.T
	binary string
	dir    string
	env    []string
	flags  []string
}

func newOras(t *testing.T, flags ...string) *oras {
	t.Helper()
	binary, err := filepath.Abs(filepath.Join("..", "..", "..", ".bin", "oras"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("oras is not built (`make tools` builds it): %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x-1.0.0.tar.gz"), []byte("archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + dir, "DOCKER_CONFIG=" + dir, "PATH=/no-path"}
	return &oras{t: t, binary: binary, dir: dir, env: env, flags: flags}
}

func (o *oras) run(stdin string, args ...string) (string, error) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.t.Context())
	defer cancel()
	args = append(args, o.flags...)
	cmd := exec.CommandContext(ctx, o.binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = o.dir, o.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (o *oras) must(stdin string, args ...string) {
	o.t.Helper()
	if out, err := o.run(stdin, args...); err != nil {
		o.t.Fatalf("oras %v: %v\n%s", args, err, out)
	}
}

func (o *oras) fails(text string, args ...string) {
	o.t.Helper()
	out, err := o.run("", args...)
	if err == nil || !strings.Contains(out, text) {
		o.t.Fatalf("oras %v: %v, want %q in:\n%s", args, err, text, out)
	}
}

func (o *oras) walk(s *ecrtest.Server, c *ecr.Client, host string) {
	o.t.Helper()
	o.must(password(o.t, c), "login", host, "-u", "AWS", "--password-stdin")
	ref := host + "/packs/spectro-packs/archive/x:1.0.0"
	push := []string{"push", "--image-spec", "v1.0", ref, "x-1.0.0.tar.gz"}
	o.fails("does not exist in the registry with id", push...)
	create(o.t, c, "packs/spectro-packs/archive/x")
	o.must("", push...)
	o.must("", "pull", ref, "-o", "out")
	got, err := os.ReadFile(filepath.Join(o.dir, "out", "x-1.0.0.tar.gz"))
	if err != nil || string(got) != "archive" {
		o.t.Errorf("pulled %q: %v", got, err)
	}
	s.ExpireTokens()
	o.fails("403: Forbidden", push...) // a HEAD has no body to say why
}

func TestOras(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	c := client(s, ecrtest.User(account))
	host := s.Registry(account, region).Host
	newOras(t, "--plain-http").walk(s, c, host)

	o := newOras(t, "--plain-http")
	o.must(password(t, c), "login", host, "-u", "AWS", "--password-stdin")
	repo := s.Registry(account, region)
	repo.Put(ecrtest.Repository{Name: "packs/spectro-packs/archive/x", TagMutability: "IMMUTABLE_WITH_EXCLUSION", ExclusionFilters: []string{"dev*"}})
	ref := host + "/packs/spectro-packs/archive/x:"
	push := func(tag string) []string {
		return []string{"push", "--image-spec", "v1.0", ref + tag, "x-1.0.0.tar.gz"}
	}
	o.fails("cannot be overwritten because the tag is immutable", push("1.0.0")...)
	o.must("", push("dev1")...)
	o.must("", push("dev1")...)

	images, err := c.DescribeImages(t.Context(), &ecr.DescribeImagesInput{
		RepositoryName: aws.String("packs/spectro-packs/archive/x"), ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("1.0.0")}},
	})
	if err != nil || *images.ImageDetails[0].ArtifactMediaType != "application/vnd.unknown.config.v1+json" {
		t.Errorf("images %+v: %v", images, err)
	}
	deleted, err := c.BatchDeleteImage(t.Context(), &ecr.BatchDeleteImageInput{
		RepositoryName: aws.String("packs/spectro-packs/archive/x"),
		ImageIds:       []types.ImageIdentifier{{ImageTag: aws.String("1.0.0")}, {ImageTag: aws.String("nope")}},
	})
	if err != nil || len(deleted.ImageIds) != 1 || len(deleted.Failures) != 1 {
		t.Errorf("deleted %+v: %v", deleted, err)
	}
	o.fails("not found", "pull", ref+"1.0.0")
	list, err := c.ListImages(t.Context(), &ecr.ListImagesInput{RepositoryName: aws.String("packs/spectro-packs/archive/x"), Filter: &types.ListImagesFilter{TagStatus: types.TagStatusTagged}})
	if err != nil || len(list.ImageIds) != 1 || *list.ImageIds[0].ImageTag != "dev1" {
		t.Errorf("images left %+v: %v", list, err)
	}
}

// TestOrasByHostName goes to ECR's real host names, over TLS and the proxy.
func TestOrasByHostName(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{TLS: true})
	o := newOras(t)
	ca := filepath.Join(o.dir, "ca.pem")
	if err := os.WriteFile(ca, s.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	o.env = append(o.env, "HTTPS_PROXY="+s.ProxyURL, "SSL_CERT_FILE="+ca)
	cfg := config(s, ecrtest.User(account))
	cfg.BaseEndpoint = nil
	cfg.HTTPClient = proxied(t, s)
	o.walk(s, ecr.NewFromConfig(cfg), account+".dkr.ecr.us-east-1.amazonaws.com")
	o.fails("Forbidden", "login", "ecr.example.com", "-u", "AWS", "-p", "x")
}

// plane sends raw requests to the data plane.
type plane struct {
	t        *testing.T
	base     string
	password string
	client   *http.Client
}

func newPlane(t *testing.T, s *ecrtest.Server) *plane {
	t.Helper()
	return &plane{
		t: t, base: "http://" + s.Registry(account, region).Host, password: password(t, client(s, ecrtest.User(account))),
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// do sends a request; address is a path or, from a Location, a URL.
func (p *plane) do(method, address, body string, header ...string) *reply {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.base + address
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.password != "" {
		req.SetBasicAuth("AWS", p.password)
	}
	for pair := range slices.Chunk(header, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		p.t.Fatal(err)
	}
	return &reply{t: p.t, asked: method + " " + address, status: resp.StatusCode, header: resp.Header, body: string(b)}
}

type reply struct {
	t      *testing.T
	asked  string
	status int
	header http.Header
	body   string
}

// want fails unless the reply has that status and holds text.
func (r *reply) want(status int, text string) *reply {
	r.t.Helper()
	if r.status != status || !strings.Contains(r.body, text) {
		r.t.Fatalf("%s: %d %s, want %d with %q", r.asked, r.status, r.body, status, text)
	}
	return r
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// blob uploads content to r/x in one PUT and returns the address of the session.
func (p *plane) blob(content string) string {
	p.t.Helper()
	resp := p.do(http.MethodPost, "/v2/r/x/blobs/uploads/?mount="+digest(content)+"&from=other", "").want(http.StatusAccepted, "")
	session := resp.header.Get("Location") + "&digest=" + digest(content)
	p.do(http.MethodPut, session, content, "Content-Type", "application/octet-stream").want(http.StatusCreated, "")
	return session
}

func TestUploadSessions(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/x"})
	p := newPlane(t, s)
	session := p.blob("hello")
	p.do(http.MethodPut, session, "hello", "Content-Type", "application/octet-stream").want(http.StatusRequestedRangeNotSatisfiable, "First byte of the layer part is 0 instead of 5")

	resp := p.do(http.MethodPost, "/v2/r/x/blobs/uploads/", "")
	for i, part := range []string{"0-2", "3-5"} {
		resp = p.do(http.MethodPatch, resp.header.Get("Location"), "abc", "Content-Range", part, "Content-Type", "application/octet-stream").want(http.StatusAccepted, "")
		if got := resp.header.Get("Range"); got != "0-2" {
			t.Errorf("Range %q after part %d: it never moves", got, i)
		}
	}
}

func TestDataPlaneErrors(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{TokenUses: 6})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/x"})
	p := newPlane(t, s)
	anonymous := *p
	anonymous.password = ""
	challenge := anonymous.do(http.MethodGet, "/v2/", "").want(http.StatusUnauthorized, "Not Authorized").header.Get("Www-Authenticate")
	if !strings.HasPrefix(challenge, `Basic realm="http://127.0.0.1:`) || !strings.HasSuffix(challenge, `/",service="ecr.amazonaws.com"`) {
		t.Errorf("challenge %s", challenge)
	}
	cases := []struct {
		method, path string
		status       int
		text         string
	}{
		{http.MethodGet, "/v2/nope/manifests/1", 404, `"NAME_UNKNOWN","message":"The repository with name 'nope' does not exist in the registry with id '111111111111'"`},
		{http.MethodGet, "/v2/r/x/manifests/1", 404, `"MANIFEST_UNKNOWN"`},
		{http.MethodDelete, "/v2/r/x/manifests/1", 405, "UNSUPPORTED"},
		{http.MethodGet, "/v2/_catalog", 404, ""},
		{http.MethodGet, "/v2/r/x/tags/list", 200, `"tags":[]`},
		{http.MethodGet, "/v2/r/x/tags/list?n=1001", 400, "1000"},
		{http.MethodGet, "/v2/", 403, "Your authorization token has expired. Reauthenticate and try again."}, // the seventh
	}
	for _, c := range cases {
		resp := p.do(c.method, c.path, "").want(c.status, c.text)
		if c.status == 403 && resp.header.Get("Www-Authenticate") != "" {
			t.Error("an expired token is answered with a challenge")
		}
	}
}

func TestPutImageRate(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{PutImageRate: 0.001})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/x"})
	p := newPlane(t, s)
	p.blob("{}")
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/x","digest":"` + digest("{}") + `","size":2},"layers":[]}`
	put := func() *reply {
		return p.do(http.MethodPut, "/v2/r/x/manifests/1", manifest, "Content-Type", "application/vnd.oci.image.manifest.v1+json")
	}
	put().want(http.StatusCreated, "")
	put().want(http.StatusTooManyRequests, `"TOOMANYREQUESTS","message":"Rate exceeded"`)
	if tags := s.Registry(account, region).ImageTags("r/x"); len(tags) != 1 {
		t.Errorf("tags %v", tags)
	}
}

func TestLayerRedirect(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{SameHostLayers: true})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/x"})
	p := newPlane(t, s)
	content := strings.Repeat("layer", 100)
	p.blob(content)
	resp := p.do(http.MethodGet, "/v2/r/x/blobs/"+digest(content), "").want(http.StatusTemporaryRedirect, "")
	location := resp.header.Get("Location")
	if strings.HasPrefix(location, p.base) {
		t.Errorf("redirected to the registry itself: %s", location)
	}
	p.do(http.MethodGet, location, "").want(http.StatusBadRequest, "Only one auth mechanism allowed")
	p.password = ""
	p.do(http.MethodGet, location, "").want(http.StatusOK, content)
	p.do(http.MethodGet, location, "", "Range", "bytes=5-9").want(http.StatusPartialContent, "layer")
	p.do(http.MethodGet, strings.Replace(location, "X-Amz-Signature=", "X-Amz-Signature=0", 1), "").want(http.StatusForbidden, "SignatureDoesNotMatch")
}

func TestMounting(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{BlobMounting: true})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/x"})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/y"})
	p := newPlane(t, s)
	p.blob("hello")
	p.do(http.MethodPost, "/v2/r/y/blobs/uploads/?mount="+digest("hello")+"&from=r/x", "").want(http.StatusCreated, "")
}

func TestTagPages(t *testing.T) {
	t.Parallel()
	s := ecrtest.Start(t, ecrtest.Options{TagsPageSize: 2})
	s.Registry(account, region).Put(ecrtest.Repository{Name: "r/x"})
	p := newPlane(t, s)
	p.blob("{}")
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/x","digest":"` + digest("{}") + `","size":2},"layers":[]}`
	for _, tag := range []string{"1", "2", "3"} {
		p.do(http.MethodPut, "/v2/r/x/manifests/"+tag, manifest, "Content-Type", "application/vnd.oci.image.manifest.v1+json").want(http.StatusCreated, "")
	}
	resp := p.do(http.MethodGet, "/v2/r/x/tags/list", "").want(http.StatusOK, `["1","2"]`)
	next := strings.TrimPrefix(strings.Split(resp.header.Get("Link"), ">")[0], "<")
	p.do(http.MethodGet, next, "").want(http.StatusOK, `["3"]`)
}
