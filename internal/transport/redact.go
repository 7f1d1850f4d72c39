package transport

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// redacted stands for a secret in a text.
const redacted = "[redacted]"

// minSecret is how long a secret must be to be looked for, in bytes: shorter
// ones are in every text.
const minSecret = 4

// Redact takes secrets out of a text, in the forms in which servers and
// libraries repeat them.
func Redact(text string, secrets ...string) string {
	all := make([][]string, len(secrets))
	for i, s := range secrets {
		all[i] = forms(s)
	}
	return cut(text, slices.Concat(all...))
}

// cut takes strings out of a text, the longest first where one holds another.
func cut(text string, all []string) string {
	if text == "" {
		return ""
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, s := range all {
		text = strings.ReplaceAll(text, s, redacted)
	}
	return text
}

// forms are the ways in which a secret is written: as it is, in JSON, in an
// address, and in base64. A short one has none.
func forms(secret string) []string {
	if len(secret) < minSecret {
		return nil
	}
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	all := []string{
		secret, query, path, percent.ReplaceAllStringFunc(query, strings.ToLower), percent.ReplaceAllStringFunc(path, strings.ToLower),
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		inJSON(secret, true), inJSON(secret, false),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// percent is a byte in an address; some write its letters small.
var percent = regexp.MustCompile("%[0-9A-F]{2}")

// inJSON is how a text stands between the quotes of JSON: as Go writes it, which
// escapes <, > and &, or as others do.
func inJSON(text string, escapeHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if e.Encode(text) != nil {
		return text // a text cannot fail
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// forms are those of all secrets of a login.
func (l *Login) forms() []string {
	all := slices.Concat(forms(l.Password), forms(l.IdentityToken), forms(l.RegistryToken))
	if l.Password != "" {
		all = append(all, forms(base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password)))...)
	}
	return all
}

// redact takes every secret that this client knows out of a text.
func (c *Client) redact(s string) string {
	if s == "" || c.auth == nil {
		return s
	}
	return cut(s, c.secrets())
}

// hidden are secrets that requests carry beside the login.
type hidden struct {
	mu    sync.Mutex
	forms []string
}

// Hide takes secrets out of everything that this client says from now on:
// those that requests carry in their header or body.
func (c *Client) Hide(secrets ...string) {
	c.hidden.mu.Lock()
	defer c.hidden.mu.Unlock()
	for _, s := range secrets {
		c.hidden.forms = append(c.hidden.forms, forms(s)...)
	}
}

// Clean makes words of a server fit for a terminal: one line, without control
// or formatting characters, not too long, and without the secrets of this client.
func (c *Client) Clean(text string) string { return c.redact(printable(c.redact(text))) }

// secrets are all that this client knows, in the forms they may have.
func (c *Client) secrets() []string {
	c.hidden.mu.Lock()
	defer c.hidden.mu.Unlock()
	return slices.Concat(c.auth.secrets(), c.hidden.forms)
}

// cleaner returns what makes the words of a reply fit for a terminal: one line,
// no control or formatting characters, not too long, and without our secrets,
// those that were sent with the request among them.
func (c *Client) cleaner(resp *http.Response) func(string) string {
	secrets := c.secrets()
	for r := resp; r != nil && r.Request != nil; r = r.Request.Response { // back through redirects
		sent := r.Request.Header.Get("Authorization")
		_, secret, _ := strings.Cut(sent, " ")
		secrets = slices.Concat(secrets, forms(sent), forms(secret), c.proxyLogin(r.Request).forms())
	}
	return func(s string) string { return cut(printable(cut(s, secrets)), secrets) }
}

// proxyLogin is what the proxy on the way of a request was told.
func (c *Client) proxyLogin(r *http.Request) *Login {
	proxy, err := c.transport.Proxy(r)
	if err != nil || proxy == nil || proxy.User == nil {
		return &Login{}
	}
	password, _ := proxy.User.Password()
	return &Login{Username: proxy.User.Username(), Password: password}
}
