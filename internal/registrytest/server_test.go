package registrytest_test

import (
	"net/http"
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
			resp := get(t, http.DefaultClient, s.URL+"/v2/")
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if got := resp.Header.Get("Www-Authenticate"); len(got) < len(tt.challenge) || got[:len(tt.challenge)] != tt.challenge {
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

func get(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp
}
