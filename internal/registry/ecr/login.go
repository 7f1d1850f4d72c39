package ecr

import (
	"context"
	"strings"
	"time"

	"github.com/packs-cli/packs/internal/transport"
)

// Access is a login that other programs can use for a registry.
type Access struct {
	Host      string // HOST[:PORT]
	PlainHTTP bool   // a test server on this machine
	Login     transport.Login
	Ends      time.Time // when it is good for nothing: 12 hours after it was asked for
}

// Access exchanges the AWS credentials for a login, as `aws ecr
// get-login-password` does. One for another account than packs.yaml names is
// an error.
func (r *Registry) Access(ctx context.Context) (Access, error) {
	h, err := r.connect(ctx)
	if err != nil {
		return Access{}, err
	}
	_, t, err := r.session.login(ctx)
	if err != nil {
		return Access{}, err
	}
	return Access{
		Host: h.hostPort, PlainHTTP: strings.HasPrefix(h.endpoint, "http://"),
		Login: transport.Login{Username: userName, Password: t.password, Source: r.session.id.String()},
		Ends:  t.ends,
	}, nil
}
