package transport

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// TrustedHosts is the environment variable that limits where credentials may
// go at all, whatever packs.yaml says: a list of HOST or HOST:PORT, separated
// by commas or blanks, where *.example.com stands for every host below that
// domain. Not set: they go where packs.yaml names them for.
const TrustedHosts = "PACKS_TRUSTED_HOSTS"

// UntrustedError tells that credentials are not for a host.
type UntrustedError struct{ Host string }

// Error names the host and the variable.
func (e *UntrustedError) Error() string {
	return fmt.Sprintf("%s does not name %s: no credentials go there", TrustedHosts, e.Host)
}

// CheckTrusted returns an *UntrustedError where credentials must not go to
// HOST[:PORT]. env looks the variable up; nil means that none is set.
func CheckTrusted(env func(name string) (value string, ok bool), host string) error {
	if env == nil {
		return nil
	}
	list, set := env(TrustedHosts)
	if !set {
		return nil
	}
	name, port := strings.ToLower((&url.URL{Host: host}).Hostname()), (&url.URL{Host: host}).Port()
	for _, pattern := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
		wantName, wantPort, err := net.SplitHostPort(pattern)
		if err != nil {
			wantName, wantPort = strings.Trim(pattern, "[]"), ""
		}
		if wantPort != "" && wantPort != port {
			continue
		}
		if below, wild := strings.CutPrefix(wantName, "*."); wild && strings.HasSuffix(name, "."+below) {
			return nil
		}
		if wantName == name {
			return nil
		}
	}
	return &UntrustedError{Host: host}
}

// onlyTrusted is a login that stays here where its host is not trusted.
func onlyTrusted(cfg *Config) LoginFunc {
	login, env, host := cfg.Login, cfg.Env, cfg.Host
	return func(ctx context.Context) (Login, error) {
		l, err := login(ctx)
		if err != nil || l.Anonymous() {
			return l, err
		}
		if err := CheckTrusted(env, host); err != nil {
			return Login{}, &CredentialsError{Host: host, Err: err}
		}
		return l, nil
	}
}
