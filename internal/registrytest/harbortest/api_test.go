package harbortest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

func TestArtifactsNeedSlashesEscapedTwice(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	digest := push(t, s, "packs/spectro-packs/archive/foo", "1.0.0", "hello")
	const root = "/api/v2.0/projects/packs/repositories/"
	r := send(t, s, admin, http.MethodGet, root+"spectro-packs%252Farchive%252Ffoo/artifacts/1.0.0", "")
	var got struct {
		Digest            string
		Annotations       map[string]string
		MediaType         string `json:"media_type"`
		ManifestMediaType string `json:"manifest_media_type"`
		PushTime          string `json:"push_time"`
		PullTime          string `json:"pull_time"`
		Size              int64
		Tags              []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(r.body), &got); r.status != 200 || err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	if got.Digest != digest || got.Annotations["test"] != "hello" || len(got.Tags) != 1 || got.Tags[0].Name != "1.0.0" ||
		got.ManifestMediaType != manifestType || got.MediaType != "application/vnd.unknown.config.v1+json" ||
		got.Size != int64(len(manifest("hello"))+2) || got.PushTime == "" || !strings.HasPrefix(got.PullTime, "0001-01-01") {
		t.Errorf("artifact %+v", got)
	}
	if r := send(t, s, admin, http.MethodGet, root+"spectro-packs%2Farchive%2Ffoo/artifacts/1.0.0", ""); r.status != 404 {
		t.Errorf("escaped once: %d", r.status)
	}
	send(t, s, admin, http.MethodGet, root+"spectro-packs%252Farchive%252Ffoo/artifacts/2", "").
		want(t, 404, "NOT_FOUND artifact packs/spectro-packs/archive/foo:2 not found")
}

func TestArtifactsNeedTheRight(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{
		{Name: "dev", Password: "x", Roles: map[string]harbortest.Role{"packs": harbortest.RoleDeveloper}},
		{Name: "eve", Password: "x"},
	}})
	addProject(t, s, "packs", "")
	push(t, s, "packs/a", "1", "")
	pusher := addRobot(t, s, "project", "push", "repository:push", "repository:pull")
	reader := addRobot(t, s, "system", "read", "repository:push", "repository:pull", "artifact:read")
	for who, want := range map[login]int{admin: 200, {"dev", "x"}: 200, {"eve", "x"}: 403, pusher: 403, reader: 200, nobody: 401} {
		r := send(t, s, who, http.MethodGet, "/api/v2.0/projects/packs/repositories/a/artifacts/1", "")
		if r.status != want {
			t.Errorf("%q: %d %s, want %d", who.user, r.status, r.body, want)
		}
	}
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	for i := range 5 {
		push(t, s, "packs/a", strconv.Itoa(i), strconv.Itoa(i))
	}
	seen := 0
	next := "/api/v2.0/projects/packs/repositories/a/artifacts?page_size=2"
	for pages := 0; next != ""; pages++ {
		r := send(t, s, admin, http.MethodGet, next, "")
		var page []json.RawMessage
		if err := json.Unmarshal([]byte(r.body), &page); r.status != 200 || err != nil || pages > 3 {
			t.Fatalf("%s: %d %s", next, r.status, r.body)
		}
		if total := r.header.Get("X-Total-Count"); total != "5" {
			t.Errorf("X-Total-Count %s", total)
		}
		seen += len(page)
		next = linkTo(r.header.Get("Link"), "next")
	}
	if seen != 5 {
		t.Errorf("%d artifacts in all pages", seen)
	}
	if r := send(t, s, admin, http.MethodGet, "/api/v2.0/projects?page_size=101", ""); r.status != 422 {
		t.Errorf("page_size 101: %d", r.status)
	}
	r := send(t, s, admin, http.MethodGet, "/v2/packs/a/tags/list?n=2", "")
	if got := linkTo(r.header.Get("Link"), "next"); !strings.HasPrefix(got, "/v2/packs/a/tags/list?") {
		t.Errorf("tags: Link %q", r.header.Get("Link"))
	}
	if r := send(t, s, admin, http.MethodGet, "/v2/packs/a/tags/list?n=0", ""); !strings.Contains(r.body, `"tags":[]`) {
		t.Errorf("n=0: %s", r.body)
	}
}

// linkTo reads one address of a Link header.
func linkTo(header, rel string) string {
	for link := range strings.SplitSeq(header, ",") {
		address, r, _ := strings.Cut(strings.TrimSpace(link), ";")
		if strings.TrimSpace(r) == fmt.Sprintf("rel=%q", rel) {
			return strings.Trim(address, "<>")
		}
	}
	return ""
}

func TestGetIsAPullAndHeadIsNot(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	digest := push(t, s, "packs/a", "1", "")
	get := func(method, reference, header, value string) {
		t.Helper()
		if r := send(t, s, admin, method, "/v2/packs/a/manifests/"+reference, "", "Accept", manifestType, header, value); r.status >= 400 {
			t.Fatalf("%s: %d %s", method, r.status, r.body)
		}
	}
	get(http.MethodHead, "1", "X-Plain", "1")
	get(http.MethodGet, "1", "If-None-Match", digest)
	get(http.MethodGet, "1", "User-Agent", "harbor-registry-client")
	send(t, s, admin, http.MethodGet, "/api/v2.0/projects/packs/repositories/a/artifacts/1", "")
	send(t, s, admin, http.MethodGet, "/v2/packs/a/blobs/"+digestOf(emptyConfig), "")
	if n := s.TotalPulls(); n != 0 {
		t.Errorf("%d pulls before the first", n)
	}
	get(http.MethodGet, "1", "X-Plain", "1")
	get(http.MethodGet, digest, "X-Plain", "1")
	if s.Pulls("packs/a", "1") != 2 || s.Pulls("packs/a", digest) != 2 || s.TotalPulls() != 2 {
		t.Errorf("pulls %d by tag, %d in all", s.Pulls("packs/a", "1"), s.TotalPulls())
	}
}

func TestStorageLimitIsTheAdministratorsAlone(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "dev", Password: "x"}}})
	body := `{"project_name":"a","storage_limit":1024}`
	send(t, s, login{"dev", "x"}, http.MethodPost, "/api/v2.0/projects", body).want(t, 201, "")
	r := send(t, s, login{"dev", "x"}, http.MethodGet, "/api/v2.0/projects/a/summary", "")
	if !strings.Contains(r.body, `"hard":{"storage":-1}`) {
		t.Errorf("summary %s", r.body)
	}
}

func TestStrictHeadAsksForTheRightToRead(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{StrictHead: true})
	addProject(t, s, "packs", "")
	robot := addRobot(t, s, "project", "ci", "repository:push", "repository:pull")
	send(t, s, robot, http.MethodHead, "/api/v2.0/projects?project_name=packs", "").want(t, 403, "")
	send(t, s, robot, http.MethodHead, "/api/v2.0/projects?project_name=nope", "").want(t, 404, "")
}
