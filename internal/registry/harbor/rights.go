package harbor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// tokenPath is where Harbor's token service is (it cannot be set), and
// tokenService what it calls the registry.
const (
	tokenPath    = "/service/token"
	tokenService = "harbor-registry"
)

// checkRights asks the token service what this account may do in the project:
// it answers everybody, and leaves out of a token what is not allowed.
func (r *Registry) checkRights(ctx context.Context, found *registry.Findings) {
	granted, err := r.granted(ctx)
	if err != nil {
		found.Unknown = append(found.Unknown, "the token service does not tell what this account may do: whether it may push, the first push shows")
		return
	}
	who := r.client.Who().String()
	if !slices.Contains(granted, "pull") {
		found.Wrong = append(found.Wrong, fmt.Sprintf("%s may not pull from project %s: give it the right (robot account: Pull Repository)", who, r.spec.Harbor.Project))
	}
	if !slices.Contains(granted, "push") && !r.spec.ReadOnly {
		found.Wrong = append(found.Wrong, fmt.Sprintf(
			"%s may not push to project %s: give it the right (robot account: Push Repository; user: developer of the project)", who, r.spec.Harbor.Project))
	}
	if _, answered, err := r.askArtifact(ctx, r.spec.Base(), "packs-doctor", nil); !answered && (err == nil || isAnswer(err)) {
		found.Unknown = append(found.Unknown, "this account may not read artifacts: each version that packs did not push itself is fetched once, "+
			"which Harbor counts as a pull (robot account: Read Artifact)")
	}
}

// granted are the actions that a token for the base path would allow.
func (r *Registry) granted(ctx context.Context) ([]string, error) {
	query := url.Values{"service": {tokenService}, "scope": {"repository:" + r.spec.Base() + ":pull,push"}}
	var reply []byte
	err := r.client.Retry(ctx, func(ctx context.Context) (err error) {
		reply, err = r.send(ctx, transport.Request{Method: http.MethodGet, URL: r.client.URL(tokenPath, query), Header: http.Header{"Accept": {"application/json"}}})
		return err
	})
	if err != nil {
		return nil, err
	}
	return readGrant(reply)
}

var errNoToken = errors.New("it is no token of Harbor")

// readGrant reads the actions in the reply of a token service. Nobody checks the
// token's signature here: it is not used for anything.
func readGrant(reply []byte) ([]string, error) {
	var issued struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(reply, &issued) != nil {
		return nil, errNoToken // not with the cause, which could quote it
	}
	parts := strings.Split(issued.Token, ".")
	if len(parts) != 3 {
		return nil, errNoToken
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errNoToken
	}
	var claims struct {
		Access []struct {
			Type    string   `json:"type"`
			Actions []string `json:"actions"`
		} `json:"access"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil, errNoToken
	}
	var actions []string
	for _, a := range claims.Access {
		if a.Type == "repository" {
			actions = append(actions, a.Actions...)
		}
	}
	return actions, nil
}
