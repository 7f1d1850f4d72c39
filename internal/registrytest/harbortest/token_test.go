package harbortest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

// fetchToken asks the token service and returns the reply and the actions of the token's scopes.
func fetchToken(t *testing.T, s *harbortest.Server, who login, query string) (reply, string, []string) {
	t.Helper()
	r := send(t, s, who, http.MethodGet, "/service/token?service=harbor-registry&"+query, "")
	var got struct {
		Token     string `json:"token"`
		ExpiresIn int    `json:"expires_in"`
	}
	if r.status != 200 {
		return r, "", nil
	}
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		t.Fatal(err)
	}
	if got.ExpiresIn != 1800 {
		t.Errorf("expires_in %d", got.ExpiresIn)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(got.Token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Access []struct{ Actions []string } }
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, a := range claims.Access {
		actions = append(actions, a.Actions...)
	}
	if strings.Contains(string(raw), "null") {
		t.Errorf("claims %s: want empty lists, no null", raw)
	}
	return r, got.Token, actions
}

func TestTokenServiceNeverRefusesAScope(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "eve", Password: "x"}}})
	addProject(t, s, "packs", "")
	eve := login{"eve", "x"}
	robot := addRobot(t, s, "project", "ci", "repository:push", "repository:pull")

	if r, _, _ := fetchToken(t, s, login{"eve", "wrong"}, "scope=repository:packs/a:pull"); r.status != 401 {
		t.Errorf("wrong password: %d", r.status)
	}
	if r, _, _ := fetchToken(t, s, nobody, ""); r.status != 401 {
		t.Errorf("nobody without a scope: %d", r.status)
	}
	for _, tt := range []struct {
		who  login
		want []string
	}{
		{eve, nil},
		{nobody, nil},
		{robot, []string{"pull", "push"}},
		{admin, []string{"pull", "push", "delete", "*"}},
	} {
		r, _, actions := fetchToken(t, s, tt.who, "scope=repository:packs/a:pull,push")
		if r.status != 200 || !slices.Equal(actions, tt.want) {
			t.Errorf("%q: %d %v, want %v", tt.who.user, r.status, actions, tt.want)
		}
	}
}

func TestTokensHoldForAProjectUntilTheyExpire(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := harbortest.Start(t, harbortest.Options{Now: func() time.Time { return now }})
	addProject(t, s, "packs", "")
	addProject(t, s, "other", "")
	_, token, _ := fetchToken(t, s, admin, "scope=repository:packs/a:pull,push")
	upload := func(repository string) reply {
		return send(t, s, nobody, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", "", "Authorization", "Bearer "+token)
	}
	for repository, status := range map[string]int{"packs/a": 202, "packs/b": 202, "other/a": 401} {
		if r := upload(repository); r.status != status {
			t.Errorf("%s: %d %s", repository, r.status, r.body)
		}
	}
	send(t, s, nobody, http.MethodHead, "/api/v2.0/projects?project_name=packs", "", "Authorization", "Bearer "+token).want(t, 401, "")
	now = now.Add(30 * time.Minute)
	r := upload("packs/a")
	if got := r.header.Get("Www-Authenticate"); r.status != 401 || got != `Basic realm="harbor"` {
		t.Errorf("expired: %d, challenge %q", r.status, got)
	}
	token = "forged." + token
	if r := upload("packs/a"); r.status != 401 {
		t.Errorf("forged: %d", r.status)
	}
}

func TestChallengeNamesHostAndExternalScheme(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{ExternalURL: "https://elsewhere.example"})
	addProject(t, s, "packs", "")
	tests := map[string]string{
		"/v2/":                        `Bearer realm="https://` + s.Host + `/service/token",service="harbor-registry"`,
		"/v2/packs/a/blobs/sha256:00": `Bearer realm="https://` + s.Host + `/service/token",service="harbor-registry",scope="repository:packs/a:pull"`,
	}
	for path, want := range tests {
		if got := send(t, s, nobody, http.MethodGet, path, "").header.Get("Www-Authenticate"); got != want {
			t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}
	if got := send(t, s, login{"admin", "wrong"}, http.MethodGet, "/v2/", "").header.Get("Www-Authenticate"); got != `Basic realm="harbor"` {
		t.Errorf("after a refused Basic: %s", got)
	}
	if r := send(t, s, admin, http.MethodGet, "/v2/", ""); r.status != 200 {
		t.Errorf("Basic: %d", r.status)
	}
}
