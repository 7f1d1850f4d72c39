package registrytest_test

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServersAnswerAsTheirOptionsSay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		o         registrytest.Options
		challenge string
		status    int
	}{
		{"open", registrytest.Options{}, "", http.StatusOK},
		{"basic", registrytest.Options{Auth: registrytest.AuthBasic}, "Basic", http.StatusUnauthorized},
		{"bearer", registrytest.Options{Auth: registrytest.AuthBearer}, "Bearer", http.StatusUnauthorized},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := registrytest.Start(t, tt.o)
			status, got := get(t, s.URL+"/v2/")
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			if !strings.HasPrefix(got, tt.challenge) {
				t.Errorf("challenge %q, want %s", got, tt.challenge)
			}
			requests := s.Requests()
			if len(requests) != 1 || requests[0].Method != http.MethodGet || requests[0].Path != "/v2/" || requests[0].Status != tt.status {
				t.Errorf("access log %v, want that one request", requests)
			}
			s.Reset()
			if requests := s.Requests(); len(requests) != 0 {
				t.Errorf("access log %v after Reset, want none", requests)
			}
		})
	}
}

// get returns the status and the challenge of a reply.
func get(t *testing.T, url string) (status int, challenge string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Www-Authenticate")
}
