package ecr

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// ErrAccount says that the credentials are of another account than packs.yaml names.
var ErrAccount = errors.New("credentials of another account")

// PermissionError tells that AWS does not allow an action.
type PermissionError struct {
	Principal string // ARN of who asked
	Action    string // "ecr:PutImage"
	Resource  string // ARN, or "*"
	Because   string // which policy is missing or forbids it, as AWS says it; may be empty
}

// Error says who may not do what on which resource.
func (e *PermissionError) Error() string {
	s := fmt.Sprintf("%s may not do %s on %s", e.Principal, e.Action, e.Resource)
	if e.Because != "" {
		s += " (" + e.Because + ")"
	}
	return s
}

// Unwrap returns registry.ErrDenied.
func (e *PermissionError) Unwrap() error { return registry.ErrDenied }

// Statement is what a policy must say for the action to be allowed, as JSON.
func (e *PermissionError) Statement() string {
	s := struct {
		Effect           string
		Action, Resource string
	}{"Allow", e.Action, e.Resource}
	b, err := json.Marshal(s)
	if err != nil { // strings only: cannot be
		return ""
	}
	return string(b)
}

// Hint says which policy to change, and how.
func (e *PermissionError) Hint() string {
	switch {
	case strings.Contains(e.Because, "explicit deny"):
		return fmt.Sprintf("a policy forbids %s expressly: find the Deny (also in service control policies and permission boundaries)", e.Action)
	case strings.Contains(e.Because, "resource-based"):
		return fmt.Sprintf("the repository is in another account: let its repository policy allow %s to %s, and add to the policy of that identity: %s", e.Action, e.Principal, e.Statement())
	}
	return "add this statement to a policy of " + e.Principal + ": " + e.Statement() + "; `packs doctor --iam-policy` prints all that is needed"
}

var notAuthorized = regexp.MustCompile(`User: (\S+) is not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)(?: on resource: (\S+))?(?:,? (because .*|with an explicit deny.*))?`)

// permission reads the message of a refusal, of the API or of the registry.
func permission(message string) *PermissionError {
	m := notAuthorized.FindStringSubmatch(message)
	if m == nil {
		return nil
	}
	e := &PermissionError{Principal: m[1], Action: m[2], Resource: strings.TrimRight(m[3], ".,"), Because: m[4]}
	if e.Resource == "" {
		e.Resource = "*"
	}
	return e
}

// explain turns an error of the SDK into one for a person. where is a host with
// repository, or what is known of it.
func (s *session) explain(op, where string, err error) error {
	var known *registry.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &registry.Error{Op: op, Ref: where, Err: err}
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		s.explainAPI(e, api, sessionToken(err))
	case s.explainSetup(e, err):
	default:
		s.explainNetwork(e, err)
	}
	return e
}

// explainAPI words the errors that the service itself answers.
func (s *session) explainAPI(e *registry.Error, api smithy.APIError, sent string) {
	message := s.clean(api.ErrorMessage(), sent)
	e.Err = &apiError{code: s.clean(api.ErrorCode(), sent), message: message, err: api}
	switch code := api.ErrorCode(); code {
	case "AccessDeniedException", "AccessDenied":
		e.Err = &causeError{meaning: registry.ErrDenied, err: e.Err}
		if p := permission(message); p != nil {
			e.Err, e.Hint = p, p.Hint()
			if p.Action == "sts:AssumeRole" {
				e.Hint = "let the trust policy of the role name that identity, and check aws.externalId; " + e.Hint
			}
		}
	case "UnrecognizedClientException", "InvalidClientTokenId":
		e.Err = fmt.Errorf("%w: AWS does not know the access key of %v (%w)", registry.ErrUnauthorized, &s.id, e.Err)
		e.Hint = "check the access key and, for temporary credentials, the session token; keys of another partition (China, GovCloud) are not known here"
	case "ExpiredTokenException", "ExpiredToken":
		e.Err = fmt.Errorf("%w: the credentials of %v have expired (%w)", registry.ErrUnauthorized, &s.id, e.Err)
		e.Hint = "get new ones; for SSO: " + s.id.ssoLogin()
	case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed":
		s.explainSignature(e, message)
	case "LimitExceededException":
		e.Hint = "a quota of the account is used up: delete repositories, or ask for more at Service Quotas"
	case "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException":
		e.Err = fmt.Errorf("AWS limits the rate of calls, %d tries did not get through: %w", apiTries, e.Err)
		e.Hint = "run it again later, or with lower limits: in packs.yaml"
	case "KmsException":
		e.Hint = "check encryption.kmsKey, and that the key's policy lets these credentials and Amazon ECR use it"
	}
}

func (s *session) explainSignature(e *registry.Error, message string) {
	e.Err = &causeError{meaning: registry.ErrUnauthorized, err: e.Err}
	if strings.Contains(message, "expired") || strings.Contains(message, "not yet current") {
		e.Hint = "the clock of this machine is wrong: set it (NTP)"
		return
	}
	e.Hint = "check the secret access key of " + s.id.String() + " and the region"
}

// reason takes the address out of an error of net/http.
func reason(err error) error {
	var sent *url.Error
	if errors.As(err, &sent) {
		return sent.Err
	}
	return err
}

// maxMessage bounds messages of the service, in runes.
const maxMessage = 500

// sessionToken returns the secret that was sent with a call: the service repeats
// it, where a signature is wrong.
func sessionToken(err error) string {
	var reply *smithyhttp.ResponseError
	if !errors.As(err, &reply) || reply.Response == nil || reply.Response.Response == nil || reply.Response.Request == nil {
		return ""
	}
	return reply.Response.Request.Header.Get("X-Amz-Security-Token")
}

// clean makes text of the service fit for a terminal: one line, not too long,
// without the token that it issued and the one that was sent.
func (s *session) clean(text, sent string) string {
	text = transport.Redact(text, sent)
	if t := s.last.Load(); t != nil {
		text = transport.Redact(text, t.password)
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > maxMessage {
		text = string(runes[:maxMessage]) + "…"
	}
	return text
}

// causeError gives an error a meaning that errors.Is finds, without repeating
// it in the text.
type causeError struct{ meaning, err error }

func (e *causeError) Error() string   { return e.err.Error() }
func (e *causeError) Unwrap() []error { return []error{e.meaning, e.err} }

// apiError is an error of the service in its own words.
type apiError struct {
	code, message string
	err           error
}

func (e *apiError) Error() string {
	if e.message == "" {
		return "AWS responded: " + e.code
	}
	return "AWS responded: " + e.code + ": " + e.message
}

func (e *apiError) Unwrap() error { return e.err }

// explainSetup words what is wrong before anything was asked.
func (s *session) explainSetup(e *registry.Error, err error) bool {
	var profile config.SharedConfigProfileNotExistError
	var load config.SharedConfigLoadError
	var sso *ssocreds.InvalidTokenError
	switch {
	case errors.Is(err, errNoRegion):
		e.Hint = "set region: in packs.yaml, AWS_REGION, or a region in the AWS profile"
	case errors.As(err, &profile):
		e.Err = fmt.Errorf("there is no AWS profile %q", profile.Profile)
		e.Hint = "`aws configure list-profiles` lists those that there are; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say where"
	case errors.As(err, &load):
		e.Hint = "mend " + load.Filename
	case errors.As(err, &sso):
		e.Err = fmt.Errorf("%w: the SSO login has expired", registry.ErrUnauthorized)
		e.Hint = s.id.ssoLogin()
	case endOfChain(err):
		e.Err = fmt.Errorf("%w: no AWS credentials were found", registry.ErrUnauthorized)
		e.Hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws: {profile: …} in packs.yaml, or log in with SSO"
	case errors.Is(err, errBadToken):
	default:
		return false
	}
	return true
}

// endOfChain tells whether the SDK asked for the role of a virtual machine: it
// does that when nothing else had credentials.
func endOfChain(err error) bool {
	var op *smithy.OperationError
	for errors.As(err, &op) {
		if op.ServiceID == "ec2imds" {
			return true
		}
		err = op.Err
	}
	return false
}

func (id *identity) ssoLogin() string {
	if id.profile != "" {
		return "`aws sso login --profile " + id.profile + "`"
	}
	return "`aws sso login`"
}

// certificateError says what is wrong with the certificate of the API.
func certificateError(err error, cert *tls.CertificateVerificationError) error {
	e := &transport.CertificateError{Host: "the AWS API", Err: cert.Err}
	var sent *url.Error
	if errors.As(err, &sent) {
		if u, err := url.Parse(sent.URL); err == nil {
			e.Host = u.Host
		}
	}
	if len(cert.UnverifiedCertificates) > 0 {
		e.Cert = cert.UnverifiedCertificates[0]
	}
	return &causeError{meaning: registry.ErrCertificate, err: e}
}

// explainNetwork words what happened on the way.
func (s *session) explainNetwork(e *registry.Error, err error) {
	var sent *smithyhttp.RequestSendError
	var dns *net.DNSError
	var cancelled *aws.RequestCanceledError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cancelled):
	case errors.As(err, &cert):
		e.Err = certificateError(err, cert)
		e.Hint = "if you trust that authority (a proxy of your own?), save its certificate as PEM and set tls: {caFile: …} of the registry, or AWS_CA_BUNDLE"
	case errors.As(err, &dns):
		e.Err = fmt.Errorf("%w: no such host: %s", registry.ErrUnreachable, dns.Name)
		e.Hint = "check the region and the network (DNS, VPC endpoints, HTTPS_PROXY)"
	case errors.As(err, &sent):
		e.Err = fmt.Errorf("%w: %w", registry.ErrUnreachable, reason(sent.Err))
		e.Hint = "check the network (VPC endpoints, HTTPS_PROXY) and, behind a proxy with a CA of its own, tls.caFile or AWS_CA_BUNDLE"
	}
}
