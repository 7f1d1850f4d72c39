package harbortest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

func TestProjectsAnswerAsMeasured(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "eve", Password: "x"}}})
	eve := login{"eve", "x"}
	create := func(who login, name string) reply {
		return send(t, s, who, http.MethodPost, "/api/v2.0/projects", `{"project_name":"`+name+`","metadata":{"public":"false"}}`)
	}
	r := create(admin, "packs")
	r.want(t, 201, "")
	if got := r.header.Get("Location"); !strings.HasPrefix(got, "/api/v2.0/projects/") {
		t.Errorf("Location %q", got)
	}
	create(admin, "packs").want(t, 409, "CONFLICT The project named packs already exists")
	create(admin, "Packs").want(t, 400, "BAD_REQUEST project name is not in lower case or contains illegal characters")
	create(nobody, "a").want(t, 401, "UNAUTHORIZED unauthorized")
	create(login{"admin", "wrong"}, "a").want(t, 401, "UNAUTHORIZED unauthorized")
	create(eve, "eves").want(t, 201, "")

	for who, status := range map[login]int{admin: 200, eve: 200, nobody: 401} {
		send(t, s, who, http.MethodHead, "/api/v2.0/projects?project_name=packs", "").want(t, status, "")
	}
	send(t, s, eve, http.MethodHead, "/api/v2.0/projects?project_name=nope", "").want(t, 404, "")
	send(t, s, eve, http.MethodGet, "/api/v2.0/projects/packs", "").want(t, 403, "FORBIDDEN forbidden")
	send(t, s, admin, http.MethodGet, "/api/v2.0/projects/nope", "").want(t, 404, "NOT_FOUND project nope not found")

	send(t, s, admin, http.MethodPut, "/api/v2.0/configurations", `{"project_creation_restriction":"adminonly"}`).want(t, 200, "")
	create(eve, "b").want(t, 403, "FORBIDDEN Only system admin can create project")
}

func TestRobotsMayCreateProjectsAsMeasured(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	system := addRobot(t, s, "system", "ci", "repository:push", "repository:pull")
	project := addRobot(t, s, "project", "ci", "repository:push", "repository:pull")
	if system.user != "robot$ci" || project.user != "robot$packs+ci" {
		t.Errorf("robots %q and %q", system.user, project.user)
	}
	send(t, s, project, http.MethodPost, "/api/v2.0/projects", `{"project_name":"a"}`).
		want(t, 403, "FORBIDDEN Only system level robot can create project")
	send(t, s, system, http.MethodPost, "/api/v2.0/projects", `{"project_name":"a"}`).want(t, 201, "")
	for _, who := range []login{system, project} {
		send(t, s, who, http.MethodHead, "/api/v2.0/projects?project_name=a", "").want(t, 200, "")
	}
	r := send(t, s, admin, http.MethodPost, "/api/v2.0/robots", `{"name":"x","duration":0,"level":"system","permissions":[{"kind":"project","namespace":"packs","access":[{"resource":"repository","action":"push"}]}]}`)
	if r.status != 400 {
		t.Errorf("duration 0: %d %s", r.status, r.body)
	}
}

func TestDataPlaneRefusesAsMeasured(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "eve", Password: "x"}}})
	eve := login{"eve", "x"}
	addProject(t, s, "packs", "")

	r := putManifest(t, s, admin, "missing/foo", "1", manifest(""))
	r.want(t, 401, "UNAUTHORIZED project missing not found: project missing not found")
	if v, ok := r.header["Www-Authenticate"]; !ok || v[0] != "" {
		t.Errorf("Www-Authenticate %q, want an empty one", v)
	}
	send(t, s, admin, http.MethodHead, "/v2/missing/foo/manifests/1", "").want(t, 401, "")

	r = send(t, s, eve, http.MethodPost, "/v2/packs/x/blobs/uploads/", "")
	r.want(t, 401, "UNAUTHORIZED unauthorized to access repository: packs/x, action: push: unauthorized to access repository: packs/x, action: push")
	if got := r.header.Get("Www-Authenticate"); got != `Basic realm="harbor"` {
		t.Errorf("after a refused Basic: %q", got)
	}
	send(t, s, admin, http.MethodGet, "/v2/foo/manifests/1", "").want(t, 400, "BAD_REQUEST bad request: invalid repository name: foo")
	send(t, s, admin, http.MethodGet, "/v2/packs/a/manifests/1+2", "").want(t, 400, "BAD_REQUEST bad request: invalid tag: 1+2")
	send(t, s, admin, http.MethodGet, "/v2/packs/A/manifests/1", "").want(t, 401, "UNAUTHORIZED un-recognized request: un-recognized request")

	send(t, s, admin, http.MethodGet, "/v2/packs/a/tags/list", "").want(t, 404, "NOT_FOUND repository packs/a not found")
	push(t, s, "packs/a", "1", "")
	send(t, s, admin, http.MethodGet, "/v2/packs/a/manifests/none", "").want(t, 404, "NOT_FOUND artifact packs/a:none not found")
	if r := send(t, s, admin, http.MethodGet, "/v2/packs/a/manifests/1", ""); r.status != 404 || !strings.Contains(r.body, "MANIFEST_UNKNOWN") {
		t.Errorf("without an OCI Accept: %d %s", r.status, r.body)
	}
	send(t, s, admin, http.MethodPut, "/v2/packs/a/blobs/uploads/0c6e1ea2-9e4b-4b9a-8c3c-000000000000?digest="+digestOf(""), "").want(t, 500, "")
	send(t, s, admin, http.MethodDelete, "/v2/packs/a/manifests/1", "").
		want(t, 400, "UNSUPPORTED unsupported digest 1: invalid checksum digest format")
	robot := addRobot(t, s, "project", "r", "repository:push", "repository:pull")
	if r := send(t, s, robot, http.MethodDelete, "/v2/packs/a/manifests/"+digestOf(manifest("")), ""); r.status != 401 {
		t.Errorf("delete by a robot without that right: %d", r.status)
	}
}

func TestUploadsAnswerAsMeasured(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	r := send(t, s, admin, http.MethodPost, "/v2/packs/a/blobs/uploads/", "")
	location := r.header.Get("Location")
	if r.status != 202 || !strings.HasPrefix(location, s.URL+"/v2/packs/a/blobs/uploads/") || !strings.Contains(location, "?_state=") {
		t.Fatalf("upload: %d %s", r.status, location)
	}
	put := location + "&digest=" + digestOf("x")
	send(t, s, admin, http.MethodPut, put, "x").want(t, 201, "")
	if r := send(t, s, admin, http.MethodPut, put, "x"); r.status != 404 || !strings.Contains(r.body, "BLOB_UPLOAD_UNKNOWN") {
		t.Errorf("PUT again: %d %s", r.status, r.body)
	}
	mount := func(digest, from string) reply {
		return send(t, s, admin, http.MethodPost, "/v2/packs/b/blobs/uploads/?mount="+digest+"&from="+from, "")
	}
	if r := mount(digestOf("x"), "packs/a"); r.status != 201 {
		t.Errorf("mount: %d %s", r.status, r.body)
	}
	if r := mount(digestOf("y"), "packs/a"); r.status != 202 {
		t.Errorf("mount of what is not there: %d %s", r.status, r.body)
	}
	if r := putManifest(t, s, admin, "packs/b", "1", manifest("")); r.status != 400 || !strings.Contains(r.body, "MANIFEST_BLOB_UNKNOWN") {
		t.Errorf("manifest without its config: %d %s", r.status, r.body)
	}
	if r := putManifest(t, s, admin, "packs/b", "1", strings.Repeat(" ", 5<<20)); r.status != 413 {
		t.Errorf("huge manifest: %d", r.status)
	}
}

func TestImmutableTagsStay(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	digest := push(t, s, "packs/a", "1", "")
	if err := s.AddImmutableRule(t.Context(), "packs"); err != nil {
		t.Fatal(err)
	}
	const refusal = "PRECONDITION Failed to process request due to 'a:1' configured as immutable."
	putManifest(t, s, admin, "packs/a", "1", manifest("")).want(t, 412, refusal)
	putManifest(t, s, admin, "packs/a", "1", manifest("other")).want(t, 412, refusal)
	if r := putManifest(t, s, admin, "packs/a", "2", manifest("")); r.status != 201 {
		t.Errorf("another tag: %d %s", r.status, r.body)
	}
	send(t, s, admin, http.MethodDelete, "/v2/packs/a/manifests/"+digest, "").
		want(t, 412, "PRECONDITION the tag 1 configured as immutable, cannot be deleted")
}

func TestQuotaIsNamedAsMeasured(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", `{"storage_limit":102400}`)
	r := putBlob(t, s, admin, "packs/a", strings.Repeat("x", 300032))
	r.want(t, 403, "DENIED adding 293.0 KiB of storage resource, which when updated to current usage of 0 B will exceed the configured upper limit of 100.0 KiB.")
	if r := putBlob(t, s, admin, "packs/a", strings.Repeat("x", 100)); r.status != 201 {
		t.Errorf("what fits: %d %s", r.status, r.body)
	}
}

func TestReadOnlyAndProxyCacheRefuse(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "cache", `{"registry_id":1}`)
	send(t, s, admin, http.MethodPost, "/v2/cache/a/blobs/uploads/", "").
		want(t, 403, "DENIED denied: can not push artifact to a proxy project: cache")
	if err := s.SetReadOnly(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	const refusal = "DENIED The system is in read only mode. Any modification is prohibited."
	send(t, s, admin, http.MethodPost, "/v2/cache/a/blobs/uploads/", "").want(t, 403, refusal)
	send(t, s, admin, http.MethodPost, "/api/v2.0/projects", `{"project_name":"a"}`).want(t, 403, refusal)
	send(t, s, admin, http.MethodPut, "/api/v2.0/configurations", `{"read_only":false}`).want(t, 200, "")
}

func TestBrowserSessionsNeedTheirToken(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	r := send(t, s, admin, http.MethodGet, "/api/v2.0/systeminfo", "")
	cookie, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
	send(t, s, admin, http.MethodPost, "/api/v2.0/projects", `{"project_name":"a"}`, "Cookie", cookie).
		want(t, 403, "FORBIDDEN CSRF token not found in request")
}
