package ecrtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// identity is who a request is from.
type identity struct {
	account  string
	arn      string
	userID   string
	secret   string
	session  string // the session token of temporary keys
	expires  time.Time
	policy   *document
	accounts []string
}

func partition(region string) string {
	for prefix, name := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc",
		"us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f",
	} {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "aws"
}

func (s *Server) addPrincipals() error {
	for _, p := range s.opts.Principals {
		doc, err := parsePolicy(p.Policy)
		if err != nil {
			return fmt.Errorf("principal %s: %w", p.Name, err)
		}
		s.identities[p.AccessKeyID] = &identity{
			account: p.Account, secret: p.SecretAccessKey, policy: doc, accounts: p.Accounts,
			arn:    fmt.Sprintf("arn:%s:iam::%s:user/%s", partition(s.opts.Regions[0]), p.Account, p.Name),
			userID: "AIDATEST" + p.Account,
		}
	}
	return nil
}

// identify finds who has an access key.
func (s *Server) identify(accessKey, sessionToken string) (*identity, *awsError) {
	s.mu.Lock()
	who := s.identities[accessKey]
	s.mu.Unlock()
	switch {
	case who == nil, who.session != sessionToken:
		return nil, failure("UnrecognizedClientException", "The security token included in the request is invalid.")
	case !who.expires.IsZero() && s.opts.Now().After(who.expires):
		return nil, failure("ExpiredTokenException", "The security token included in the request is expired")
	}
	return who, nil
}

// authorize checks that who may do an action on a repository of a registry
// ("" means the registry itself).
func (who *identity) authorize(action string, r *Registry, repository string) *awsError {
	resource := "*"
	if repository != "" {
		resource = r.arn(repository)
	}
	denied := func(why string) *awsError {
		return failure("AccessDeniedException", fmt.Sprintf("User: %s is not authorized to perform: ecr:%s on resource: %s because no %s policy allows the ecr:%s action",
			who.arn, action, resource, why, action))
	}
	if who.account != r.Account && !slices.Contains(who.accounts, r.Account) {
		return denied("resource-based")
	}
	if !who.policy.allows("ecr:"+action, resource) {
		return denied("identity-based")
	}
	return nil
}

// token is an authorization token of the data plane.
type token struct {
	who     *identity
	region  string
	uses    int
	expires time.Time
	expired bool
}

func (s *Server) issueToken(who *identity, region string) (string, time.Time) {
	secret := make([]byte, 48)
	_, _ = rand.Read(secret) // never fails
	password := base64.StdEncoding.EncodeToString(secret)
	t := &token{who: who, region: region, expires: s.opts.Now().Add(s.opts.TokenTTL)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[password] = t
	return base64.StdEncoding.EncodeToString([]byte("AWS:" + password)), t.expires
}

// useToken counts a request with a token; known is false for one never issued.
func (s *Server) useToken(password, region string) (who *identity, known, valid bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[password]
	if t == nil || t.region != region {
		return nil, false, false
	}
	t.uses++
	if t.expired || s.opts.Now().After(t.expires) || (s.opts.TokenUses > 0 && t.uses > s.opts.TokenUses) {
		return nil, true, false
	}
	return t.who, true, true
}

// ExpireTokens makes every authorization token issued so far an expired one.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		t.expired = true
	}
}

// Tokens returns the passwords of all authorization tokens issued so far, to
// look for them in places where they must not be.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]string, 0, len(s.tokens))
	for password := range s.tokens {
		all = append(all, password)
	}
	return all
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
