package transport

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// redacted stands for a secret in a text.
const redacted = "[redacted]"

// redact takes every secret that this client knows out of a text, in the forms
// in which servers and libraries repeat them.
func (c *Client) redact(s string) string {
	if s == "" || c.auth == nil {
		return s
	}
	for _, secret := range c.auth.secrets() {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	return s
}

// minSecret is how long a secret must be to be looked for: shorter ones are in
// every text.
const minSecret = 4

// forms returns a login's secrets as they may show up in a text, longest first
// where one holds the other.
func (l *Login) forms() []string {
	var out []string
	if l.Password != "" {
		basic := base64.StdEncoding.EncodeToString([]byte(l.Username + ":" + l.Password))
		out = append(out, basic, url.QueryEscape(l.Password), l.Password)
	}
	for _, s := range []string{l.IdentityToken, l.RegistryToken} {
		out = append(out, url.QueryEscape(s), s)
	}
	kept := out[:0]
	for _, s := range out {
		if len(s) >= minSecret {
			kept = append(kept, s)
		}
	}
	return kept
}
