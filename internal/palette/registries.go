package palette

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/packs-cli/packs/internal/registry"
)

// Entry is a registry in Palette's lists.
type Entry struct {
	UID, Name string
	Class     string // oci, helm or pack; the last is Palette's own kind
	Scope     string // tenant, project, system or cluster; empty where it is not told
	Kind      Kind   // of class oci; empty where the list does not tell
}

// OfSystem tells whether a registry belongs to the whole installation. Such
// registries are made in the system console only.
func (e *Entry) OfSystem() bool { return e.Scope == "system" || e.Scope == "cluster" }

// Find returns every registry of that name, of whatever class and scope.
// Names are looked for in the list of all registries first, which needs less
// than the right to administer them; where it is not given, or does not have
// the name, in that of OCI registries.
func (c *Client) Find(ctx context.Context, name string) ([]Entry, error) {
	all, err := c.metadata(ctx)
	if err != nil && !refused(err) {
		return nil, err
	}
	found := slices.DeleteFunc(all, func(e Entry) bool { return e.Name != name })
	if len(found) == 0 {
		oci, summaryErr := c.summary(ctx)
		if summaryErr != nil {
			if err != nil || !refused(summaryErr) {
				return nil, summaryErr
			}
			return nil, nil // the list of all was there, and has no such name
		}
		found = slices.DeleteFunc(oci, func(e Entry) bool { return e.Name != name })
	}
	for i := range found {
		if e := &found[i]; e.Class == "oci" && e.Kind == "" {
			e.Kind, err = c.kind(ctx, e.UID)
			if err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// refused tells whether Palette answered, and not with what was asked for.
func refused(err error) bool {
	var api *APIError
	return errors.As(err, &api) && (api.Status == http.StatusForbidden || api.Status == http.StatusNotFound || api.Status == http.StatusMethodNotAllowed)
}

// Registries asks for the list of all registries: the least that shows whether
// a key is taken.
func (c *Client) Registries(ctx context.Context) ([]Entry, error) {
	return c.metadata(ctx)
}

func (c *Client) metadata(ctx context.Context) ([]Entry, error) {
	var reply struct {
		Items []*struct {
			UID   string `json:"uid"`
			Name  string `json:"name"`
			Kind  string `json:"kind"`
			Scope string `json:"scope"`
		} `json:"items"`
	}
	err := c.do(ctx, "list registries of", call{
		method: http.MethodGet, path: "/v1/registries/metadata", query: url.Values{"scope": {"all"}}, scope: tenantScope, out: &reply,
	})
	var all []Entry
	for _, i := range reply.Items {
		if i != nil {
			all = append(all, Entry{UID: i.UID, Name: i.Name, Class: i.Kind, Scope: i.Scope})
		}
	}
	return all, err
}

func (c *Client) summary(ctx context.Context) ([]Entry, error) {
	var reply struct {
		Items []*struct {
			Metadata *Metadata `json:"metadata"`
			Spec     *struct {
				Scope        string `json:"scope"`
				RegistryType Kind   `json:"registryType"`
			} `json:"spec"`
		} `json:"items"`
	}
	err := c.do(ctx, "list OCI registries of", call{method: http.MethodGet, path: "/v1/registries/oci/summary", scope: tenantScope, out: &reply})
	var all []Entry
	for _, i := range reply.Items {
		if i == nil || i.Metadata == nil {
			continue
		}
		e := Entry{UID: i.Metadata.UID, Name: i.Metadata.Name, Class: "oci"}
		if i.Spec != nil {
			e.Scope, e.Kind = i.Spec.Scope, known(i.Spec.RegistryType)
		}
		all = append(all, e)
	}
	return all, err
}

func known(k Kind) Kind {
	if k == Basic || k == ECR {
		return k
	}
	return ""
}

// kind asks for the kind of an OCI registry; empty where Palette does not tell.
func (c *Client) kind(ctx context.Context, uid string) (Kind, error) {
	var reply struct { // flat, other than everything else about registries
		Type Kind `json:"type"`
	}
	err := c.do(ctx, "read registry "+uid+" of", call{method: http.MethodGet, path: "/v1/registries/oci/" + url.PathEscape(uid), scope: tenantScope, out: &reply})
	if refused(err) {
		return "", nil
	}
	return known(reply.Type), err
}

func (k Kind) path(uid string) string {
	return "/v1/registries/oci/" + url.PathEscape(uid) + "/" + string(k)
}

// Get returns a registry, and of which kind it is: that is tried where it is
// not known.
func (c *Client) Get(ctx context.Context, e Entry) (r *Registration, kind Kind, err error) {
	kind, err = c.either(e.Kind, func(k Kind) error {
		r = &Registration{}
		return c.do(ctx, "read registry "+e.Name+" of", call{method: http.MethodGet, path: k.path(e.UID), scope: tenantScope, out: r})
	})
	return r, kind, err
}

// either calls op for the kind that a registry has; for the other one as well
// where the first is a guess: paths of the wrong kind answer 404.
func (c *Client) either(k Kind, op func(Kind) error) (Kind, error) {
	if k == "" {
		k = Basic
	}
	err := op(k)
	if !errors.Is(err, registry.ErrNotFound) {
		return k, err
	}
	if op(k.other()) == nil {
		return k.other(), nil
	}
	return k, err
}

// ErrNotOffered tells that a Palette does not have what was asked for.
var ErrNotOffered = errors.New("not offered by this Palette")

// Validate lets Palette try whether it can read a registry. Nothing is changed.
func (c *Client) Validate(ctx context.Context, k Kind, s *Spec) error {
	err := c.do(ctx, "validate the registry at", call{method: http.MethodPost, path: "/v1/registries/oci/" + string(k) + "/validate", scope: tenantScope, body: s})
	var api *APIError
	if errors.As(err, &api) {
		switch api.Status {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return ErrNotOffered
		}
	}
	return err
}

// Create registers a registry and returns its UID. It is not sent again before
// the name was looked for: the one that was not answered may have been done.
func (c *Client) Create(ctx context.Context, k Kind, r *Registration) (uid string, err error) {
	op, tried := "register "+r.Metadata.Name+" at", false
	err = c.http.Retry(ctx, func(ctx context.Context) error {
		if tried {
			var err error
			if uid, err = c.uidOf(ctx, r.Metadata.Name, k); err != nil || uid != "" {
				return err
			}
		}
		tried = true
		var reply struct {
			UID string `json:"uid"`
		}
		err := c.once(ctx, call{
			method: http.MethodPost, path: "/v1/registries/oci/" + string(k), query: url.Values{"skipPackSync": {"false"}},
			scope: tenantScope, body: r, out: &reply,
		})
		uid = reply.UID
		return err
	})
	if err == nil && uid == "" {
		uid, err = c.uidOf(ctx, r.Metadata.Name, k)
	}
	return uid, c.fail(op, err)
}

func (c *Client) uidOf(ctx context.Context, name string, k Kind) (string, error) {
	found, err := c.Find(ctx, name)
	for _, e := range found {
		if e.Class == "oci" && !e.OfSystem() && (e.Kind == k || e.Kind == "") {
			return e.UID, nil
		}
	}
	return "", err
}

// Update gives a registry new settings, all of them.
func (c *Client) Update(ctx context.Context, k Kind, uid string, r *Registration) error {
	return c.do(ctx, "update "+r.Metadata.Name+" at", call{method: http.MethodPut, path: k.path(uid), scope: tenantScope, body: r})
}
