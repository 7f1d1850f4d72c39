package harbor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/packs-cli/packs/internal/registry"
)

// Check looks for what will get in the way: a login that is refused, a project
// that is missing or a proxy cache, rights that the account does not have,
// read-only mode, an external_url that others will stumble over. It changes
// nothing. See registry.Checker.
func (r *Registry) Check(ctx context.Context) (registry.Findings, error) {
	var found registry.Findings
	state, err := r.projectState(ctx)
	if err != nil {
		return found, r.explain("check", r.spec.Host, err)
	}
	switch {
	case state == missing && !r.spec.Harbor.CreateProject:
		found.Wrong = append(found.Wrong, fmt.Sprintf("Harbor has no project %s: %s", r.spec.Harbor.Project, r.createHint()))
	case state == missing:
		found.Unknown = append(found.Unknown, fmt.Sprintf("Harbor has no project %s yet: apply creates it, if this account may", r.spec.Harbor.Project))
	case r.isProxyCache(ctx) && !r.spec.ReadOnly:
		found.Wrong = append(found.Wrong, fmt.Sprintf("project %s is a proxy cache of another registry: nothing can be pushed to it", r.spec.Harbor.Project))
	default:
		r.checkRights(ctx, &found)
	}
	info, err := r.systemInfo(ctx)
	if err != nil {
		return found, err
	}
	found.Wrong = append(found.Wrong, r.remarks(info, state)...)
	return found, nil
}

// systemInfo is what everybody who is logged in may know of a Harbor.
type systemInfo struct {
	ExternalURL string `json:"external_url"`
	ReadOnly    bool   `json:"read_only"`
	Restriction string `json:"project_creation_restriction"`
}

func (r *Registry) systemInfo(ctx context.Context) (*systemInfo, error) {
	reply, err := r.call(ctx, http.MethodGet, "systeminfo", nil, nil)
	if err != nil {
		return nil, r.explain("ask for system information", r.spec.Host, err)
	}
	info := &systemInfo{}
	if json.Unmarshal(reply, info) != nil {
		return nil, &registry.Error{
			Op: "ask for system information", Ref: r.spec.Host, Err: fmt.Errorf("%w: the reply is no JSON", registry.ErrCorrupt),
			Hint: "is that really a Harbor? for any other registry set type: oci",
		}
	}
	return info, nil
}

func (r *Registry) remarks(info *systemInfo, state projectState) []string {
	var found []string
	if info.ReadOnly {
		found = append(found, "Harbor is in read-only mode: nothing can be published until an administrator turns it off")
	}
	ours := r.client.URL("/", nil).Scheme
	if u, err := url.Parse(info.ExternalURL); err == nil && u.Scheme != "" && u.Scheme != ours {
		found = append(found, fmt.Sprintf(
			"external_url of Harbor is %s://…, it is reached by %s://: packs does without, but oras, docker and Palette are sent to the wrong address for their tokens", u.Scheme, ours))
	}
	if state == missing && r.spec.Harbor.CreateProject && info.Restriction == "adminonly" {
		found = append(found, "only system administrators may create projects here: apply needs one as long as project "+r.spec.Harbor.Project+" is missing")
	}
	return found
}

// isProxyCache tells it where this account may read the project.
func (r *Registry) isProxyCache(ctx context.Context) bool {
	reply, err := r.call(ctx, http.MethodGet, "projects/"+url.PathEscape(r.spec.Harbor.Project), nil, nil)
	if err != nil {
		return false
	}
	var p struct {
		RegistryID int `json:"registry_id"`
	}
	return json.Unmarshal(reply, &p) == nil && p.RegistryID > 0
}
