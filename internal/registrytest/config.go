package registrytest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Auth is how a server wants logins.
type Auth int

// The ways to log in. AuthNone lets everybody do everything.
const (
	AuthNone Auth = iota
	AuthBasic
	AuthBearer
)

// The one login that servers with AuthBasic and AuthBearer know. The password
// is made to be found again in a text and to need escaping.
const (
	Username = "packs-tester"
	Password = "canary-Pa55/word+%"

	passwordHash = "$2a$04$giYDCL2OUaVOt8U30.dwTe77NbYgInKFIRyJPUthaV6SOZO0VOqhu" // bcrypt of Password
)

// Options says what a server is like. The zero value speaks plain HTTP and lets
// everybody do everything.
type Options struct {
	Auth        Auth
	TLS         bool     // HTTPS with a certificate of an authority of its own
	Hosts       []string // that the certificate is for; default 127.0.0.1 and localhost
	Expired     bool     // the certificate is valid until yesterday
	ClientCerts bool     // only clients with a certificate of the authority get in; with TLS
	NoDelete    bool     // DELETE is answered with 405
	ReadOnly    bool     // writes are answered with 405
	Tokens      TokenOptions
}

// configure writes what the server needs into s.Dir and returns its settings.
func (s *Server) configure(o *Options) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 0.1\nlog: {level: info, formatter: json}\nstorage:\n  filesystem: {rootdirectory: %q}\n  delete: {enabled: %t}\n",
		s.Storage, !o.NoDelete)
	if o.ReadOnly {
		b.WriteString("  maintenance: {readonly: {enabled: true}}\n")
	}
	if err := s.configureAuth(&b, o); err != nil {
		return "", err
	}
	b.WriteString("http:\n  addr: 127.0.0.1:0\n  secret: registrytest\n")
	if o.TLS {
		if err := s.configureTLS(&b, o); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (s *Server) configureAuth(b *strings.Builder, o *Options) error {
	switch o.Auth {
	case AuthNone:
		return nil
	case AuthBasic:
		file := filepath.Join(s.Dir, "htpasswd")
		fmt.Fprintf(b, "auth:\n  htpasswd: {realm: registrytest, path: %q}\n", file)
		return os.WriteFile(file, []byte(Username+":"+passwordHash+"\n"), 0o600)
	case AuthBearer:
		tokens, err := NewTokenServer(s.Dir, o.Tokens)
		if err != nil {
			return err
		}
		s.Tokens = tokens
		fmt.Fprintf(b, "auth:\n  token: {realm: %q, service: %s, issuer: %s, rootcertbundle: %q}\n",
			tokens.Realm, tokenService, tokenIssuer, tokens.certFile)
		return nil
	}
	return errors.New("unknown kind of login")
}

func (s *Server) configureTLS(b *strings.Builder, o *Options) error {
	ca, err := NewCA(s.Dir, "registrytest CA")
	if err != nil {
		return err
	}
	hosts := o.Hosts
	if len(hosts) == 0 {
		hosts = []string{"127.0.0.1", "localhost"}
	}
	pair, err := ca.Issue("registrytest server", Leaf{Hosts: hosts, Expired: o.Expired})
	if err != nil {
		return err
	}
	s.CA, s.CAFile = ca, ca.File
	fmt.Fprintf(b, "  tls:\n    certificate: %q\n    key: %q\n", pair.CertFile, pair.KeyFile)
	if !o.ClientCerts {
		return nil
	}
	if s.Client, err = ca.Issue("registrytest client", Leaf{}); err != nil {
		return err
	}
	fmt.Fprintf(b, "    clientcas: [%q]\n", ca.File)
	return nil
}
