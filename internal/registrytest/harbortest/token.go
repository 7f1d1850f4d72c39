package harbortest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	tokenIssuer  = "harbor-token-issuer"
	tokenService = "harbor-registry"
	keyBits      = 2048
)

// signer makes and checks the tokens of the token service.
type signer struct{ key *rsa.PrivateKey }

// sharedKey is made once for all servers of a process: it takes a while.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) })

func newSigner() (*signer, error) {
	key, err := sharedKey()
	if err != nil {
		return nil, err
	}
	return &signer{key}, nil
}

// claims are what a token says.
type claims struct {
	Issuer     string     `json:"iss"`
	Subject    string     `json:"sub"`
	Audience   string     `json:"aud"`
	Expiration int64      `json:"exp"`
	NotBefore  int64      `json:"nbf"`
	IssuedAt   int64      `json:"iat"`
	ID         string     `json:"jti"`
	Access     []resource `json:"access"`
}

// resource is a repository and what may be done with it.
type resource struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// byProject is how Harbor reads a token: a scope for one repository holds for
// the whole project, and the last one of a project wins.
func (c *claims) byProject() map[string][]string {
	all := make(map[string][]string)
	for _, r := range c.Access {
		if r.Type == "repository" {
			project, _ := splitRepository(r.Name)
			all[project] = r.Actions
		}
	}
	return all
}

var encoding = base64.RawURLEncoding

func (s *signer) sign(c *claims) (string, error) {
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256"})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	payload := encoding.EncodeToString(header) + "." + encoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(payload))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return payload + "." + encoding.EncodeToString(signature), nil
}

// verify returns the claims of a token that this server signed and that is valid now.
func (s *signer) verify(token string, now time.Time) (*claims, bool) {
	end := strings.LastIndexByte(token, '.')
	if end < 0 {
		return nil, false
	}
	signature, err := encoding.DecodeString(token[end+1:])
	if err != nil {
		return nil, false
	}
	sum := sha256.Sum256([]byte(token[:end]))
	if rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, false
	}
	_, body, _ := strings.Cut(token[:end], ".")
	raw, err := encoding.DecodeString(body)
	if err != nil {
		return nil, false
	}
	var c claims
	if json.Unmarshal(raw, &c) != nil || now.Unix() >= c.Expiration {
		return nil, false
	}
	return &c, true
}

// serveToken is the token service. It never refuses a scope: what one may not
// do is just not among the actions of the token.
func (s *Server) serveToken(w http.ResponseWriter, q *request) {
	scopes := parseScopes(q.URL.Query()["scope"])
	tried := q.Header.Get("Authorization") != ""
	if !q.authenticated && (tried || len(scopes) == 0) {
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	for i := range scopes {
		s.grant(q.who, &scopes[i])
	}
	s.mu.Unlock()
	now := s.opts.Now()
	c := &claims{
		Issuer: tokenIssuer, Subject: q.who.name, Audience: tokenService, ID: rand.Text(), Access: scopes,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expiration: now.Add(s.opts.TokenLife).Unix(),
	}
	token, err := s.signer.sign(c)
	if err != nil {
		writeFailure(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"token": token, "access_token": "", "expires_in": int(s.opts.TokenLife / time.Second),
		"issued_at": now.UTC().Format(time.RFC3339),
	})
}

// parseScopes reads TYPE:NAME:ACTIONS, several in one parameter or in many.
func parseScopes(values []string) []resource {
	var all []resource
	for _, value := range values {
		for scope := range strings.FieldsSeq(value) {
			kind, rest, _ := strings.Cut(scope, ":")
			name := rest
			if end := strings.LastIndexByte(rest, ':'); end >= 0 {
				name = rest[:end]
			}
			all = append(all, resource{Type: kind, Name: name, Actions: []string{}})
		}
	}
	return all
}

// grant fills in what an account may do, whatever was asked. It must be called
// with the lock held.
func (s *Server) grant(who *account, r *resource) {
	project, _ := splitRepository(r.Name)
	p := s.projects[project]
	switch {
	case r.Type == "registry" && r.Name == "catalog" && who.admin:
		r.Actions = []string{"*"}
	case r.Type == "repository" && p != nil:
		r.Actions = who.actions(p)
	}
}
