package registrytest

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// IdentityToken is the refresh token that token servers take in place of the password.
const IdentityToken = "canary-identity-token"

const (
	tokenService = "registrytest"
	tokenIssuer  = "registrytest-issuer"
)

// TokenOptions says what a token server is like.
type TokenOptions struct {
	AnonymousPull bool          // without a login one may read
	ReadOnly      bool          // with the login, too, one may only read
	Lifetime      time.Duration // that it names for its tokens; 0: it names none
}

// TokenRequest is one request for a token.
type TokenRequest struct {
	User   string // "" without a login
	Scopes []string
	Grant  string // of OAuth2; "" for the older form
	Status int
}

// TokenServer signs tokens which the registry verifies.
type TokenServer struct {
	Realm string // its address

	opts     TokenOptions
	cert     *Pair
	certFile string
	server   *http.Server
	wait     sync.WaitGroup

	mu       sync.Mutex
	requests []TokenRequest
}

// NewTokenServer starts a token server on this machine; dir gets its certificate.
func NewTokenServer(dir string, o TokenOptions) (*TokenServer, error) {
	ca, err := NewCA(dir, "registrytest token CA")
	if err != nil {
		return nil, err
	}
	pair, err := ca.Issue("registrytest token", Leaf{})
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &TokenServer{Realm: "http://" + l.Addr().String() + "/token", opts: o, cert: pair, certFile: ca.File}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: startTime}
	s.wait.Go(func() { _ = s.server.Serve(l) }) // always ends with an error
	return s, nil
}

// Close ends the server. It may be called more than once.
func (s *TokenServer) Close() {
	_ = s.server.Close() // nothing is lost in a test that ends
	s.wait.Wait()
}

// Requests returns who asked for which tokens.
func (s *TokenServer) Requests() []TokenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

var errWrongLogin = errors.New("wrong login")

// ServeHTTP answers GET as the distribution specification has it and POST as
// OAuth2 does.
func (s *TokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := readTokenRequest(r)
	req.Status = http.StatusOK
	if err != nil || req.User == "" && !s.opts.AnonymousPull {
		req.Status = http.StatusUnauthorized
	}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	s.mu.Unlock()
	if req.Status != http.StatusOK {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(req.Status)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"who are you?"}]}`))
		return
	}
	token, err := s.sign(&req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	reply := map[string]any{"access_token": token}
	if req.Grant == "" {
		reply = map[string]any{"token": token}
	}
	if s.opts.Lifetime > 0 {
		reply["expires_in"] = int(s.opts.Lifetime.Seconds())
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}

func readTokenRequest(r *http.Request) (TokenRequest, error) {
	if err := r.ParseForm(); err != nil {
		return TokenRequest{}, err
	}
	req := TokenRequest{Grant: r.PostForm.Get("grant_type")}
	for _, s := range r.Form["scope"] {
		req.Scopes = append(req.Scopes, strings.Fields(s)...)
	}
	if r.Form.Get("service") != tokenService {
		return req, errors.New("token for another service")
	}
	if req.Grant != "" {
		if r.PostForm.Get("refresh_token") != IdentityToken {
			return req, errWrongLogin
		}
		req.User = Username
		return req, nil
	}
	user, password, ok := r.BasicAuth()
	if ok && (user != Username || password != Password) {
		req.User = user
		return req, errWrongLogin
	}
	req.User = user
	return req, nil
}

type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// grants turns scopes into what the user may do.
func (s *TokenServer) grants(req *TokenRequest) []access {
	var out []access
	for _, scope := range req.Scopes {
		parts := strings.Split(scope, ":")
		if len(parts) != 3 {
			continue
		}
		actions := strings.Split(parts[2], ",")
		if req.User == "" || s.opts.ReadOnly {
			actions = slices.DeleteFunc(actions, func(a string) bool { return a != "pull" })
		}
		out = append(out, access{Type: parts[0], Name: parts[1], Actions: actions})
	}
	return out
}

// sign makes a JSON web token with ES256 (RFC 7519), with its certificate in
// the header as the registry wants it.
func (s *TokenServer) sign(req *TokenRequest) (string, error) {
	now := time.Now()
	header := map[string]any{
		"typ": "JWT", "alg": "ES256",
		"x5c": []string{base64.StdEncoding.EncodeToString(s.cert.TLS.Certificate[0])},
	}
	claims := map[string]any{
		"iss": tokenIssuer, "sub": req.User, "aud": tokenService, "jti": fmt.Sprint(now.UnixNano()),
		"exp": now.Add(time.Hour).Unix(), "nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(),
		"access": s.grants(req),
	}
	var parts []string
	for _, part := range []any{header, claims} {
		b, err := json.Marshal(part)
		if err != nil {
			return "", err
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(b))
	}
	text := strings.Join(parts, ".")
	key, ok := s.cert.TLS.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return "", errors.New("the key is no ECDSA key")
	}
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	const half = 32
	signature := make([]byte, 2*half)
	r.FillBytes(signature[:half])
	v.FillBytes(signature[half:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
