package faultproxy

import (
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	manifest = "/v2/team/nginx/manifests/1.0.0"
	blob     = "/v2/team/nginx/blobs/sha256:aa"
	start    = "/v2/team/nginx/blobs/uploads/"
	finish   = "/v2/team/nginx/blobs/uploads/1234"
	content  = "the content of a blob"
)

// behind is what stands behind a proxy: it counts what it did, whole bodies only.
type behind struct {
	*httptest.Server
	done atomic.Int64
}

func newBehind(t *testing.T) *behind {
	t.Helper()
	b := &behind{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, err := io.ReadAll(r.Body); err != nil || r.Method == http.MethodPut && len(got) == 0 {
			return
		}
		b.done.Add(1)
		w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64))
		if r.Method == http.MethodPost {
			w.Header().Set("Location", "http://"+r.Host+finish+"?_state=x")
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = io.WriteString(w, content)
	}))
	t.Cleanup(b.Close)
	return b
}

// answer is a reply without its body.
type answer struct {
	status int
	header http.Header
}

// ask sends one request over a connection of its own, and follows no redirect.
func ask(t *testing.T, s *Server, method, path, body string) (head answer, content string, err error) {
	t.Helper()
	c := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header}, string(got), err
}

func TestEveryKindDoesWhatItsNameSays(t *testing.T) {
	t.Parallel()
	type seen struct {
		answer
		body string
		err  error
		done int64
		s    *Server
	}
	answered := func(code int, header, value string) func(seen) bool {
		return func(g seen) bool {
			return g.err == nil && g.status == code && strings.Contains(g.header.Get(header), value) && g.done == 0
		}
	}
	broken := func(done int64) func(seen) bool {
		return func(g seen) bool { return g.err != nil && g.done == done }
	}
	reset := func(g seen) bool { return errors.Is(g.err, syscall.ECONNRESET) && g.done == 0 }
	whole := func(g seen) bool { return g.err == nil && g.body == content && g.done == 1 }
	tests := map[Kind]struct {
		method, path string
		ok           func(seen) bool
	}{
		TooMany:            {"GET", manifest, answered(429, "Retry-After", "")},
		TooManySeconds:     {"GET", manifest, answered(429, "Retry-After", "1")},
		TooManyDate:        {"GET", manifest, answered(429, "Retry-After", "GMT")},
		ServerError:        {"PUT", manifest, answered(500, "Content-Type", "json")},
		BadGateway:         {"PUT", finish, answered(502, "Content-Type", "html")},
		Unavailable:        {"POST", start, answered(503, "Content-Type", "json")},
		UnavailableSeconds: {"GET", manifest, answered(503, "Retry-After", "1")},
		UnavailableDate:    {"GET", manifest, answered(503, "Retry-After", "GMT")},
		GatewayTimeout:     {"GET", manifest, answered(504, "Content-Type", "html")},
		CutBefore:          {"GET", manifest, reset},
		ClosedBefore:       {"GET", manifest, func(g seen) bool { return errors.Is(g.err, io.EOF) && g.done == 0 }},
		CutInBody:          {"PUT", finish, broken(0)},
		CutAfterBody:       {"PUT", finish, broken(0)},
		ReplyLost:          {"PUT", finish, broken(1)},
		ErrorAfterDone: {"PUT", finish, func(g seen) bool {
			return g.err == nil && g.status == http.StatusServiceUnavailable && g.done == 1
		}},
		Truncated: {"GET", blob, func(g seen) bool {
			return errors.Is(g.err, io.ErrUnexpectedEOF) && g.body == content[:len(content)/2]
		}},
		Corrupted:       {"GET", blob, func(g seen) bool { return g.err == nil && g.body != content && len(g.body) == len(content) }},
		SlowUpload:      {"PUT", finish, whole},
		SlowDownload:    {"GET", blob, whole},
		StalledUpload:   {"PUT", finish, broken(0)},
		StalledDownload: {"GET", blob, broken(1)},
		StalledReply:    {"PUT", finish, broken(0)},
		LostSession404:  {"PUT", finish, answered(404, "Content-Type", "json")},
		LostSession416:  {"PUT", finish, answered(416, "Content-Type", "json")},
		WrongDigest:     {"GET", manifest, func(g seen) bool { return strings.HasSuffix(g.header.Get(headerDigest), "000") }},
		NoDigest:        {"GET", manifest, func(g seen) bool { return whole(g) && g.header.Get(headerDigest) == "" }},
		RelativeLocation: {"POST", start, func(g seen) bool {
			return g.header.Get("Location") == finish+"?_state=x"
		}},
		ForeignLocation: {"POST", start, func(g seen) bool {
			u, err := url.Parse(g.header.Get("Location"))
			return err == nil && u.Host == g.s.Elsewhere && u.Host != g.s.Host
		}},
		Redirected: {"GET", blob, func(g seen) bool {
			return g.status == http.StatusTemporaryRedirect && strings.Contains(g.header.Get("Location"), g.s.Elsewhere)
		}},
		GoAway:      {"GET", blob, whole},
		TypeRefused: {"PUT", manifest, answered(400, "Content-Type", "json")},
		HeadBroken:  {"HEAD", manifest, answered(405, "", "")},
	}
	ca, err := registrytest.NewCA(t.TempDir(), "faultproxy")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue("proxy", registrytest.Leaf{Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			tt, ok := tests[kind]
			if !ok {
				t.Fatal("no test")
			}
			b := newBehind(t)
			o := Options{
				Target: b.Listener.Addr().String(), Rules: []Rule{{Kind: kind, Path: regexp.MustCompile("nginx")}}, Hang: 20 * time.Millisecond,
			}
			if kind == GoAway {
				o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair.TLS}, NextProtos: []string{"h2"}}
			}
			s := Start(t, o)
			body := ""
			if tt.method == http.MethodPut {
				body = `{"artifactType":"x"}`
			}
			head, got, err := ask(t, s, tt.method, tt.path, body)
			if g := (seen{head, got, err, b.done.Load(), s}); !tt.ok(g) {
				t.Errorf("%d %v %q, %v; done %d times", g.status, g.header, g.body, g.err, g.done)
			}
			if n := s.Count()[kind]; n != 1 {
				t.Errorf("happened %d times", n)
			}
			if _, got, err = ask(t, s, http.MethodGet, blob, ""); err != nil || got != content {
				t.Errorf("after the fault: %q, %v", got, err)
			}
		})
	}
}

func TestRulesHitTheirPosition(t *testing.T) {
	t.Parallel()
	b := newBehind(t)
	s := Start(t, Options{Target: b.Listener.Addr().String(), Rules: []Rule{
		{Kind: ServerError, Method: http.MethodGet, Path: regexp.MustCompile("/manifests/"), First: 2, Times: 2},
		{Kind: Unavailable, Path: regexp.MustCompile("/blobs/"), Times: -1},
	}})
	var got []int
	for range 4 {
		for _, path := range []string{manifest, blob} {
			head, _, err := ask(t, s, http.MethodGet, path, "")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, head.status)
		}
	}
	if want := []int{200, 503, 500, 503, 500, 503, 200, 503}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestTheSeedDecidesWhateverTheOrder sends the same requests in another order,
// and many at once.
func TestTheSeedDecidesWhateverTheOrder(t *testing.T) {
	t.Parallel()
	const requests = 60
	b := newBehind(t)
	run := func(seed uint64, order func(i int) int) map[Fault]int {
		s := Start(t, Options{Target: b.Listener.Addr().String(), Seed: seed, Rate: 0.3, Kinds: []Kind{ServerError, Unavailable, TooMany}})
		var wg sync.WaitGroup
		for i := range requests {
			wg.Go(func() { _, _, _ = ask(t, s, http.MethodGet, "/v2/r/manifests/"+string(rune('a'+order(i)%20)), "") })
		}
		wg.Wait()
		n := make(map[Fault]int)
		for _, f := range s.Faults() {
			n[f]++
		}
		return n
	}
	one := run(7, func(i int) int { return i })
	if other := run(7, func(i int) int { return requests - i }); len(one) == 0 || !maps.Equal(one, other) {
		t.Errorf("one order %v, another %v", one, other)
	}
	if other := run(8, func(i int) int { return i }); maps.Equal(one, other) {
		t.Errorf("another seed does the same: %v", one)
	}
}

func TestTokensAreTakenAFewTimesOnly(t *testing.T) {
	t.Parallel()
	var anonymous atomic.Int64
	b := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			anonymous.Add(1)
		}
	}))
	t.Cleanup(b.Close)
	s := Start(t, Options{Target: b.Listener.Addr().String(), TokenRequests: 2})
	for range 5 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+manifest, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	if anonymous.Load() != 3 {
		t.Errorf("%d requests without the token, want 3", anonymous.Load())
	}
}
