package ecrtest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	stsNamespace    = "https://sts.amazonaws.com/doc/2011-06-15/"
	sessionDuration = time.Hour
)

var validSessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

type stsCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

type assumeRoleResult struct {
	AssumedRoleUser assumedRoleUser
	Credentials     stsCredentials
}

type callerIdentity struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

// serveSTS answers the query protocol.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Version") != "2011-06-15" {
		writeXMLError(w, failure("InvalidAction", "Could not find operation for version"))
		return
	}
	action := form.Get("Action")
	var result any
	var failed *awsError
	switch action {
	case "AssumeRole", "GetCallerIdentity":
		result, failed = s.signedSTS(r, body, action, form)
	case "AssumeRoleWithWebIdentity":
		s.record(Call{Operation: action})
		result, failed = s.assumeByWebIdentity(form)
	default:
		failed = failure("InvalidAction", "Could not find operation "+action+" for version 2011-06-15")
	}
	if failed != nil {
		writeXMLError(w, failed)
		return
	}
	writeXML(w, http.StatusOK, action, result)
}

func (s *Server) signedSTS(r *http.Request, body []byte, action string, form url.Values) (any, *awsError) {
	who, region, failed := s.verify(r, body, "sts")
	if failed != nil {
		return nil, stsError(failed)
	}
	s.record(Call{Operation: action, Account: who.account, Region: region, Principal: who.arn})
	if failed := s.fault(action); failed != nil {
		return nil, failed
	}
	if action == "GetCallerIdentity" {
		return callerIdentity{Arn: who.arn, UserID: who.userID, Account: who.account}, nil
	}
	return s.assumeRole(who, form)
}

// stsError names the errors as the query protocol does.
func stsError(e *awsError) *awsError {
	names := map[string]string{
		"UnrecognizedClientException": "InvalidClientTokenId", "InvalidSignatureException": "SignatureDoesNotMatch",
		"ExpiredTokenException": "ExpiredToken", "MissingAuthenticationTokenException": "MissingAuthenticationToken",
		"IncompleteSignatureException": "IncompleteSignature",
	}
	return &awsError{Code: names[e.Code], Message: e.Message, Status: http.StatusForbidden}
}

func (s *Server) role(arn string) *Role {
	for i := range s.opts.Roles {
		if s.opts.Roles[i].ARN == arn {
			return &s.opts.Roles[i]
		}
	}
	return nil
}

func (s *Server) assumeRole(who *identity, form url.Values) (any, *awsError) {
	target := form.Get("RoleArn")
	denied := &awsError{
		Code: "AccessDenied", Status: http.StatusForbidden,
		Message: fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", who.arn, target),
	}
	role := s.role(target)
	if role == nil || (role.ExternalID != "" && form.Get("ExternalId") != role.ExternalID) {
		return nil, denied
	}
	trusted := role.TrustedBy
	if len(trusted) == 0 {
		trusted = []string{accountOf(role.ARN)}
	}
	if !slices.Contains(trusted, who.account) || !who.policy.allows("sts:AssumeRole", target) {
		return nil, denied
	}
	return s.session(role, form.Get("RoleSessionName"))
}

func (s *Server) assumeByWebIdentity(form url.Values) (any, *awsError) {
	role := s.role(form.Get("RoleArn"))
	if role == nil || role.WebIdentityToken == "" {
		return nil, &awsError{Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", Status: http.StatusForbidden}
	}
	if form.Get("WebIdentityToken") != role.WebIdentityToken {
		return nil, failure("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
	}
	return s.session(role, form.Get("RoleSessionName"))
}

// session issues temporary keys for a role.
func (s *Server) session(role *Role, name string) (any, *awsError) {
	if !validSessionName.MatchString(name) {
		return nil, failure("ValidationError", "1 validation error detected: Value '"+name+"' at 'roleSessionName' failed to satisfy constraint")
	}
	doc, err := parsePolicy(role.Policy)
	if err != nil {
		return nil, failure("MalformedPolicyDocument", err.Error())
	}
	account := accountOf(role.ARN)
	_, roleName, _ := strings.Cut(role.ARN, ":role/")
	roleID := "AROATEST" + account
	who := &identity{
		account: account, secret: randomHex(20), session: randomHex(32),
		expires: s.opts.Now().Add(sessionDuration), policy: doc, accounts: role.Accounts,
		arn:    fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", strings.Split(role.ARN, ":")[1], account, roleName, name),
		userID: roleID + ":" + name,
	}
	key := "ASIATEST" + strings.ToUpper(randomHex(6))
	s.mu.Lock()
	s.identities[key] = who
	s.mu.Unlock()
	return assumeRoleResult{
		AssumedRoleUser: assumedRoleUser{AssumedRoleID: roleID + ":" + name, Arn: who.arn},
		Credentials: stsCredentials{
			AccessKeyID: key, SecretAccessKey: who.secret, SessionToken: who.session,
			Expiration: who.expires.UTC().Format(time.RFC3339),
		},
	}, nil
}

type xmlMetadata struct{ RequestID string }

func writeXML(w http.ResponseWriter, status int, action string, result any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	e := xml.NewEncoder(w)
	start := xml.StartElement{Name: xml.Name{Local: action + "Response"}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: stsNamespace}}}
	_ = e.EncodeToken(start) // the client may have gone
	_ = e.EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
	_ = e.EncodeElement(xmlMetadata{RequestID: randomHex(16)}, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}})
	_ = e.EncodeToken(start.End())
	_ = e.Flush()
}

func writeXMLError(w http.ResponseWriter, e *awsError) {
	type inner struct{ Type, Code, Message string }
	reply := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Error     inner
		RequestID string `xml:"RequestId"`
	}{Namespace: stsNamespace, Error: inner{"Sender", e.Code, e.Message}, RequestID: randomHex(16)}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(e.Status)
	_ = xml.NewEncoder(w).Encode(reply) // the client may have gone
}
