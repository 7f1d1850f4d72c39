package transport

import (
	"bytes"
	"io"
	"net/http"
)

// stale tells whether a registry refused a request because the login that it
// was sent with has ended, and drops that login. Some registries say so by 403,
// without a challenge. The reply can be read afterwards as before.
func (a *authenticator) stale(resp *http.Response, sent string) bool {
	if resp.StatusCode != http.StatusForbidden || sent == "" {
		return false
	}
	a.mu.Lock()
	login := a.login
	a.mu.Unlock()
	if login == nil || login.Stale == nil || !login.Stale(peek(resp)) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if basicAuth(*a.login) == sent { // else another request got a new one meanwhile
		old := *a.login
		old.Expires = a.client.cfg.Clock.Now()
		a.login = &old
		if old.Drop != nil {
			old.Drop()
		}
	}
	return true
}

// peek reads the errors of a reply and puts its body back.
func peek(resp *http.Response) *StatusError {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	rest := io.MultiReader(bytes.NewReader(body), resp.Body)
	if err != nil {
		rest = io.MultiReader(bytes.NewReader(body), failing{err})
	}
	resp.Body = &rewound{Reader: rest, Closer: resp.Body}
	return &StatusError{
		Method: resp.Request.Method, Host: resp.Request.URL.Host, Path: resp.Request.URL.Path,
		Status: resp.StatusCode, Errors: parseErrors(body, printable),
	}
}

// rewound is a body of which a part was read already.
type rewound struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
