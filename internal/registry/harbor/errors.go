package harbor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/transport"
)

// isAnswer tells whether an error, or none, is what was asked for rather than a
// failure to ask.
func isAnswer(err error) bool {
	return err == nil || errors.Is(err, registry.ErrNotFound) || errors.Is(err, artifact.ErrNotPack)
}

// diagnosis is what Harbor means by an error, and what to do.
type diagnosis struct {
	meaning error  // of package registry
	text    string // the cause in words; empty: those of the error
	hint    string
}

// diagnosed is an error with its diagnosis.
type diagnosed struct {
	*diagnosis
	err error
}

// Error says the cause, and what the registry said about it.
func (e *diagnosed) Error() string {
	if e.text == "" {
		return e.err.Error()
	}
	if s := status(e.err); s != nil && s.Message() != "" {
		return e.text + ": registry responded: " + once(s.Message())
	}
	return e.text
}

// once takes the repetition out of what Harbor says with 401: "CODE: X: X".
func once(message string) string {
	code, text, _ := strings.Cut(message, ": ")
	half := text[:max(0, (len(text)-len(": "))/2)]
	if half != "" && text == half+": "+half {
		return code + ": " + half
	}
	return message
}

// Unwrap returns the meaning and the error.
func (e *diagnosed) Unwrap() []error { return []error{e.meaning, e.err} }

// explain makes an error one for a person. What is not Harbor's own is left to
// package oci.
func (r *Registry) explain(op, ref string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	d := r.diagnose(err)
	if d == nil {
		return r.inner.Explain(op, ref, err)
	}
	var known *registry.Error
	if errors.As(err, &known) {
		err = known.Err // op and ref say more than which blob was on its way
	}
	return &registry.Error{Op: op, Ref: ref, Err: &diagnosed{d, err}, Hint: d.hint}
}

// diagnose returns nil for what has no meaning of its own in Harbor.
func (r *Registry) diagnose(err error) *diagnosis {
	var login *transport.LoginError
	var conn *transport.ConnError
	switch {
	case errors.As(err, &login):
		return r.diagnoseLogin(login)
	case errors.Is(err, oci.ErrLocation):
		return &diagnosis{
			meaning: registry.ErrProxySetup,
			hint: "the reverse proxy before Harbor does not pass the Host header on: let it (nginx: `proxy_set_header Host $http_host;`); " +
				"if it does, host of this registry in packs.yaml is not the name that Harbor is reached by",
		}
	case errors.As(err, &conn):
		return r.diagnoseTokens(conn)
	}
	s := status(err)
	switch {
	case s == nil:
		return nil
	case strings.HasPrefix(s.Path, apiRoot):
		return r.diagnoseAPI(s)
	}
	return r.diagnoseStatus(s)
}

// diagnoseStatus knows the refusals of the data plane.
func (r *Registry) diagnoseStatus(s *transport.StatusError) *diagnosis {
	p := r.spec.Harbor.Project
	switch {
	case s.Status == http.StatusPreconditionFailed && says(s, "immutable"):
		return &diagnosis{
			meaning: registry.ErrImmutable, text: "the tag is immutable by a rule of project " + p,
			hint: "publish the change under a new version, or exclude this tag from the rule (Harbor: project " + p + ", Policy, Tag Immutability)",
		}
	case says(s, "will exceed the configured upper limit"):
		return &diagnosis{
			meaning: registry.ErrQuota, text: "the storage quota of project " + p + " is used up",
			hint: "let a Harbor administrator raise the quota of project " + p + " (Administration, Project Quotas), or delete versions and run the garbage collection",
		}
	case says(s, "proxy project"), says(s, "proxy cache project"):
		return &diagnosis{
			meaning: registry.ErrNoWrites, text: "project " + p + " is a proxy cache of another registry: nothing can be pushed to it",
			hint: "set project: of registry " + r.spec.Name + " to one that is no proxy cache, or publish to the registry that it caches",
		}
	}
	return r.diagnoseReadOnly(s)
}

func (r *Registry) diagnoseReadOnly(s *transport.StatusError) *diagnosis {
	if !says(s, "read only mode") {
		return nil
	}
	return &diagnosis{
		meaning: registry.ErrNoWrites, text: "Harbor is in read-only mode",
		hint: "try again later: an administrator turned it on, for a backup or an upgrade, and can turn it off (Administration, Configuration, System Settings)",
	}
}

// diagnoseAPI knows the refusals of the API: of creating a project.
func (r *Registry) diagnoseAPI(s *transport.StatusError) *diagnosis {
	p := r.spec.Harbor.Project
	byHand := fmt.Sprintf("; or create project %s by hand: to push into it then needs no more than push and pull", p)
	switch {
	case says(s, "Only system level robot"):
		return &diagnosis{
			meaning: registry.ErrDenied, text: r.user() + " belongs to one project and may not create another",
			hint: "use a system robot account or a user for the first run" + byHand,
		}
	case says(s, "Only system admin"):
		return &diagnosis{
			meaning: registry.ErrDenied, text: "only a system administrator may create projects here, and " + r.user() + " is none",
			hint: "let an administrator apply once, or change Project Creation to Everyone (Administration, Configuration, System Settings)" + byHand,
		}
	case s.Status == http.StatusForbidden && !says(s, "read only mode"):
		return &diagnosis{
			meaning: registry.ErrDenied, text: r.user() + " may not do this",
			hint: "it needs a system administrator, or a user or system robot account that may create projects" + byHand,
		}
	case s.Status == http.StatusBadRequest && says(s, "project name"):
		return &diagnosis{
			meaning: registry.ErrDenied, text: "Harbor takes no project of the name " + p,
			hint: "a name has lower-case letters and digits, with single . _ or - between them",
		}
	}
	return r.diagnoseReadOnly(s)
}

// user names who is logged in.
func (r *Registry) user() string {
	who := r.client.Who()
	switch {
	case isRobot(who.Username):
		return "robot account " + who.Username
	case who.Username != "":
		return "user " + who.Username
	}
	return "whoever is not logged in"
}

func isRobot(user string) bool { return strings.HasPrefix(user, "robot$") }

var (
	noSuchProject = regexp.MustCompile(`project (\S+) not found`)
	notAllowed    = regexp.MustCompile(`unauthorized to access repository[^:]*: (\S+), action: (\w+)`)
)

// diagnoseLogin tells apart what Harbor answers with 401: a missing project, a
// missing right, and a wrong login.
func (r *Registry) diagnoseLogin(e *transport.LoginError) *diagnosis {
	message, head := "", false
	if e.Reply != nil {
		message, head = e.Reply.Message(), e.Reply.Method == http.MethodHead
	}
	if m := noSuchProject.FindStringSubmatch(message); m != nil {
		return &diagnosis{
			meaning: registry.ErrNoProject, text: "Harbor has no project " + m[1] + " (it answers as if the login were wrong)", hint: r.createHint(),
		}
	}
	switch m := notAllowed.FindStringSubmatch(message); {
	case e.Login.Anonymous():
		return nil
	case e.Accepted && m != nil:
		return r.denied(m[2])
	case e.Accepted && head: // which has no body
		return r.denied("pull")
	case !e.Accepted:
		return &diagnosis{
			meaning: registry.ErrUnauthorized, text: fmt.Sprintf("Harbor refused the login of %v", e.Login),
			hint: wrongLoginHint(e.Login.Username),
		}
	}
	return nil
}

func (r *Registry) denied(action string) *diagnosis {
	p := r.spec.Harbor.Project
	d := &diagnosis{meaning: registry.ErrDenied, text: fmt.Sprintf("%s may not %s in project %s", r.user(), action, p)}
	name := r.client.Who().Username
	of, _, ofProject := strings.Cut(strings.TrimPrefix(name, "robot$"), "+")
	switch {
	case isRobot(name) && ofProject && of != p:
		d.hint = fmt.Sprintf("this robot account belongs to project %s: make one in project %s, or a system robot account that covers it", of, p)
	case isRobot(name):
		d.hint = "give the robot account the permissions Push Repository and Pull Repository for project " + p
	case action == "pull":
		d.hint = "make the user a member of project " + p + " (Guest reads, Developer pushes)"
	default:
		d.hint = "make the user at least a Developer of project " + p + " (Harbor: project " + p + ", Members)"
	}
	return d
}

// wrongLoginHint thinks of what commonly goes wrong with a kind of name.
func wrongLoginHint(user string) string {
	switch {
	case isRobot(user):
		return "check the secret, and in Harbor whether the robot account is disabled or has expired; a new secret can be made there"
	case strings.HasPrefix(user, "robot"):
		return "the name of a robot account begins with robot$, here the $ is lost: write it in single quotes for a shell; in packs.yaml it stands as it is"
	}
	return "check user and password; where Harbor's users log in by OIDC, the password is the CLI secret from the user's profile"
}

// address is how Harbor is reached: https://HOST.
func (r *Registry) address() string { return strings.TrimSuffix(r.client.URL("/", nil).String(), "/") }

// diagnoseTokens is about the token service, which only those without a
// password are sent to.
func (r *Registry) diagnoseTokens(e *transport.ConnError) *diagnosis {
	switch {
	case e.Kind == transport.KindRealm && strings.Contains(e.Detail, "plain HTTP"):
		return &diagnosis{
			meaning: registry.ErrProxySetup, text: "Harbor sends clients to fetch tokens over plain HTTP, while it is reached by HTTPS: its external_url is wrong",
			hint: fmt.Sprintf("set external_url (Helm: externalURL) of Harbor to %s; packs needs no token where it has a login, oras, docker and Palette do", r.address()),
		}
	case e.Host != "" && e.Host != r.client.URL("/", nil).Host:
		return &diagnosis{
			meaning: registry.ErrProxySetup, text: fmt.Sprintf("Harbor sends clients to %s to fetch tokens: %v", e.Host, e),
			hint: fmt.Sprintf("let the reverse proxy before Harbor pass the Host header on (nginx: `proxy_set_header Host $http_host;`), and set external_url to %s", r.address()),
		}
	}
	return nil
}
