package transport

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
)

func newCA(t *testing.T) *registrytest.CA {
	t.Helper()
	ca, err := registrytest.NewCA(t.TempDir(), "another CA")
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func ping(t *testing.T, cfg Config) error {
	t.Helper()
	cfg.Clock = newFakeClock().clock()
	c := newClient(t, cfg)
	return c.Retry(t.Context(), fetch(c, "/v2/"))
}

func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{TLS: true})
	for name, trust := range map[string]*manifest.TLS{
		"file":                 {CAFile: s.CAFile},
		"inline":               {CA: string(s.CA.PEM)},
		"both":                 {CAFile: newCA(t).File, CA: string(s.CA.PEM)},
		"not checked, as told": {InsecureSkipVerify: true},
	} {
		if err := ping(t, Config{Host: s.Host, TLS: trust}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUntrustedCertificates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		o     registrytest.Options
		other bool // trust another authority than the right one
		want  []string
	}{
		{"unknown authority", registrytest.Options{}, true, []string{"not trusted", "CN=registrytest CA", "CN=registrytest server", "valid from"}},
		{"wrong name", registrytest.Options{Hosts: []string{"registry.test", "10.1.2.3"}}, false, []string{"another name", "registry.test, 10.1.2.3", "issued to CN=registrytest server by CN=registrytest CA", "valid from"}},
		{"expired", registrytest.Options{Expired: true}, false, []string{"not valid now", "valid from", "issued to CN=registrytest server by CN=registrytest CA"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.o.TLS = true
			s := registrytest.Start(t, tt.o)
			ca := s.CAFile
			if tt.other {
				ca = newCA(t).File
			}
			err := ping(t, Config{Host: s.Host, TLS: &manifest.TLS{CAFile: ca}})
			var e *CertificateError
			if !errors.As(err, &e) || e.Cert == nil {
				t.Fatalf("%v, want *CertificateError", err)
			}
			for _, want := range append(tt.want, s.Host) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			var gaveUp *GaveUpError
			if errors.As(err, &gaveUp) {
				t.Error("it was tried again, though it cannot change")
			}
		})
	}
}

func TestClientCertificate(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{TLS: true, ClientCerts: true})
	ok := &manifest.TLS{CAFile: s.CAFile, CertFile: s.Client.CertFile, KeyFile: s.Client.KeyFile}
	if err := ping(t, Config{Host: s.Host, TLS: ok}); err != nil {
		t.Error(err)
	}
	err := ping(t, Config{Host: s.Host, TLS: &manifest.TLS{CAFile: s.CAFile}})
	var e *ConnError
	// The server ends the connection after its own handshake: the alert may be
	// lost to the end of the connection.
	if !errors.As(err, &e) || e.Kind != KindClientCert && e.Kind != KindBroken || !strings.Contains(err.Error(), "client certificate") {
		t.Errorf("without one: %v", err)
	}
	stranger, err := newCA(t).Issue("stranger", registrytest.Leaf{})
	if err != nil {
		t.Fatal(err)
	}
	err = ping(t, Config{Host: s.Host, TLS: &manifest.TLS{CAFile: s.CAFile, CertFile: stranger.CertFile, KeyFile: stranger.KeyFile}})
	if !errors.As(err, &e) || e.Kind != KindClientCert && e.Kind != KindBroken {
		t.Errorf("with that of a stranger: %v", err)
	}
}

func TestPlainHTTPAndHTTPSAreNeverMixedUp(t *testing.T) {
	t.Parallel()
	open := registrytest.Start(t, registrytest.Options{})
	err := ping(t, Config{Host: open.Host})
	var e *ConnError
	if !errors.As(err, &e) || e.Kind != KindPlainHTTP || !strings.Contains(err.Error(), "answered in plain HTTP, not HTTPS") {
		t.Errorf("HTTPS to a plain port: %v", err)
	}
	if got := open.Requests(); len(got) != 0 {
		t.Errorf("it fell back to plain HTTP: %v", got)
	}
	secure := registrytest.Start(t, registrytest.Options{TLS: true})
	err = ping(t, Config{Host: secure.Host, PlainHTTP: true})
	if !errors.As(err, &e) || e.Kind != KindTLS || !strings.Contains(err.Error(), "wants HTTPS, not plain HTTP") {
		t.Errorf("plain HTTP to a TLS port: %v", err)
	}
}

func TestServersThatSpeakNeither(t *testing.T) {
	t.Parallel()
	for _, say := range []string{"SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01\x00\x02\x02\x46"} {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = bufio.NewReader(conn).ReadByte() // bytes on an idle connection would only close it
				_, _ = conn.Write([]byte(say))
				_ = conn.Close()
			}
		})
		for _, plain := range []bool{true, false} {
			err := ping(t, Config{Host: l.Addr().String(), PlainHTTP: plain})
			var e *ConnError
			if !errors.As(err, &e) {
				t.Errorf("%q, plain %v: %v", say, plain, err)
			}
			if say[0] == 'S' && !plain && e.Kind != KindPlainHTTP || say[0] != 'S' && plain && e.Kind != KindTLS {
				t.Errorf("%q, plain %v: kind %d, %v", say, plain, e.Kind, err)
			}
		}
		_ = l.Close()
		wg.Wait()
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.StartTLS()
	defer s.Close()
	err := ping(t, Config{Host: hostOf(s), TLS: &manifest.TLS{InsecureSkipVerify: true}})
	if err == nil || !strings.Contains(err.Error(), "refused the TLS connection: protocol version not supported") {
		t.Errorf("%v, want TLS 1.1 refused", err)
	}
}

func TestHTTP2IsUsedWhereItIsOffered(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	c := newClient(t, Config{Host: hostOf(s), TLS: &manifest.TLS{InsecureSkipVerify: true}})
	if status, _, err := get(t.Context(), c, "/"); err != nil || status != http.StatusOK {
		t.Errorf("%d, %v; want HTTP/2", status, err)
	}
	c.Close()
}

func TestCertificateFilesThatAreWrong(t *testing.T) {
	t.Parallel()
	ca := newCA(t)
	pair, err := ca.Issue("client", registrytest.Leaf{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.pem"), "no certificate", 0o600)
	broken := write(t, filepath.Join(dir, "broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o600)
	large := write(t, filepath.Join(dir, "large.pem"), strings.Repeat("x", maxPEM+1), 0o600)
	missing := filepath.Join(dir, "missing.pem")
	tests := []struct {
		name string
		tls  manifest.TLS
		want string
	}{
		{"missing", manifest.TLS{CAFile: missing}, missing},
		{"a folder", manifest.TLS{CAFile: dir}, dir},
		{"no PEM", manifest.TLS{CAFile: text}, "tls.caFile " + text + ": holds no certificate"},
		{"a key", manifest.TLS{CAFile: pair.KeyFile}, "holds no certificate"},
		{"broken", manifest.TLS{CAFile: broken}, "cannot be read"},
		{"too large", manifest.TLS{CAFile: large}, "larger than"},
		{"inline", manifest.TLS{CA: "x"}, "tls.ca: holds no certificate"},
		{"key missing", manifest.TLS{CertFile: pair.CertFile}, "belong together"},
		{"no such key", manifest.TLS{CertFile: pair.CertFile, KeyFile: missing}, "tls.keyFile"},
		{"no such certificate", manifest.TLS{CertFile: missing, KeyFile: pair.KeyFile}, "tls.certFile"},
		{"exchanged", manifest.TLS{CertFile: pair.KeyFile, KeyFile: pair.CertFile}, "tls.certFile"},
	}
	for _, tt := range tests {
		_, err := New(Config{Host: "h", TLS: &tt.tls})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if key, readErr := os.ReadFile(pair.KeyFile); err != nil && readErr == nil && strings.Contains(err.Error(), strings.Split(string(key), "\n")[1]) {
			t.Errorf("%s: the error holds the key", tt.name)
		}
	}
}
