package ecrtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	signatureTime = "20060102T150405Z"
	maxClockSkew  = 5 * time.Minute
)

// scope is where a signature is valid.
type scope struct {
	accessKey, date, region, service string
}

func (s scope) String() string {
	return s.date + "/" + s.region + "/" + s.service + "/aws4_request"
}

var authorizationHeader = regexp.MustCompile(
	`^AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

// verify checks the signature (version 4) of a request for a service and
// returns who sent it and for which region.
func (s *Server) verify(r *http.Request, body []byte, service string) (*identity, string, *awsError) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, "", failure("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	m := authorizationHeader.FindStringSubmatch(header)
	if m == nil {
		return nil, "", failure("IncompleteSignatureException", "Authorization header is not a valid signature version 4 header")
	}
	sc := scope{accessKey: m[1], date: m[2], region: m[3], service: m[4]}
	if sc.service != service {
		return nil, "", failure("InvalidSignatureException", fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", service))
	}
	if !slices.Contains(s.opts.Regions, sc.region) {
		return nil, "", failure("InvalidSignatureException", "Credential should be scoped to a valid region. ")
	}
	who, err := s.identify(sc.accessKey, r.Header.Get("X-Amz-Security-Token"))
	if err != nil {
		return nil, "", err
	}
	stamp := r.Header.Get("X-Amz-Date")
	if err := s.checkClock(stamp); err != nil {
		return nil, "", err
	}
	signed := strings.Split(m[5], ";")
	if !slices.Contains(signed, "host") || sign(sc, stamp, who.secret, canonicalRequest(r, signed, body)) != m[6] {
		return nil, "", failure("InvalidSignatureException",
			"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return who, sc.region, nil
}

func (s *Server) checkClock(stamp string) *awsError {
	at, err := time.Parse(signatureTime, stamp)
	if err != nil {
		return failure("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got '"+stamp+"'.")
	}
	now := s.opts.Now().UTC()
	format := func(t time.Time) string { return t.Format(signatureTime) }
	switch {
	case at.Before(now.Add(-maxClockSkew)):
		return failure("InvalidSignatureException", fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			stamp, format(now.Add(-maxClockSkew)), format(now)))
	case at.After(now.Add(maxClockSkew)):
		return failure("InvalidSignatureException", fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			stamp, format(now.Add(maxClockSkew)), format(now)))
	}
	return nil
}

func canonicalRequest(r *http.Request, signed []string, body []byte) string {
	var b strings.Builder
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.URL.Query()) + "\n")
	for _, name := range signed {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	sum := sha256.Sum256(body)
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + hex.EncodeToString(sum[:]))
	return b.String()
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

func canonicalQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20") // Encode sorts by key
}

func sign(sc scope, stamp, secret, request string) string {
	sum := sha256.Sum256([]byte(request))
	text := "AWS4-HMAC-SHA256\n" + stamp + "\n" + sc.String() + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + secret)
	for _, part := range []string{sc.date, sc.region, sc.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}
