package harbor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// project is what is known of the registry's project.
type project struct {
	turn  turn
	found guarded[finding]
}

type finding struct {
	state projectState
	err   error // the login is refused: to ask again for each pack locks accounts
}

type projectState int

const (
	unasked projectState = iota
	present
	missing
	hidden // Harbor does not tell us, or its API is not to be reached: what follows will show
)

// HasProject tells whether the project exists, by a HEAD that every account may
// send. Where Harbor does not tell, it is taken to be there.
func (r *Registry) HasProject(ctx context.Context) (bool, error) {
	state, err := r.projectState(ctx)
	if err != nil {
		return false, r.explain("ask for project", r.projectRef(), err)
	}
	return state != missing, nil
}

func (r *Registry) projectRef() string { return r.spec.Host + "/" + r.spec.Harbor.Project }

// projectState asks once in a run, however many want to know.
func (r *Registry) projectState(ctx context.Context) (projectState, error) {
	if f := r.project.found.get(); f != (finding{}) {
		return f.state, f.err
	}
	if err := r.project.turn.take(ctx); err != nil {
		return unasked, err
	}
	defer r.project.turn.give()
	if f := r.project.found.get(); f != (finding{}) {
		return f.state, f.err
	}
	state, err := r.askProject(ctx)
	var refused *transport.LoginError
	if err == nil || errors.As(err, &refused) {
		r.project.found.set(finding{state, err})
	}
	return state, err
}

func (r *Registry) askProject(ctx context.Context) (projectState, error) {
	_, err := r.call(ctx, http.MethodHead, "projects", url.Values{"project_name": {r.spec.Harbor.Project}}, nil)
	s := status(err)
	var login *transport.LoginError
	switch {
	case err == nil:
		return present, nil
	case errors.As(err, &login) && login.Login.Username == "":
		return hidden, nil // the API takes passwords only; a public project can be read without
	case errors.As(err, &login), s == nil, s.Temporary():
		return unasked, err
	case s.Status != http.StatusNotFound:
		return hidden, nil // Harbor newer than 2.16 wants the right to read the project: 403
	}
	// A proxy that leads only /v2/ to Harbor answers 404 as well.
	pong, err := r.call(ctx, http.MethodGet, "ping", nil, nil)
	s = status(err)
	switch {
	case err == nil && string(pong) == "Pong":
		return missing, nil
	case err == nil, s != nil && !s.Temporary():
		r.api.use.set(useNever)
		return hidden, nil
	}
	return unasked, err
}

// need makes sure that the project is there before anything is asked of it.
func (r *Registry) need(ctx context.Context, op, ref string) error {
	state, err := r.projectState(ctx)
	switch {
	case err != nil:
		return r.explain(op, ref, err)
	case state == missing:
		return r.noProject(op, ref)
	}
	return nil
}

// noProject is the error for a project that is missing: where packs.yaml says
// that it shall be created, everything in it just does not exist yet.
func (r *Registry) noProject(op, ref string) error {
	name := r.spec.Harbor.Project
	if r.spec.Harbor.CreateProject {
		return &registry.Error{
			Op: op, Ref: ref,
			Err: fmt.Errorf("%w: %w: project %s does not exist yet", registry.ErrNotFound, registry.ErrNoRepository, name),
		}
	}
	return &registry.Error{
		Op: op, Ref: ref, Err: fmt.Errorf("%w: Harbor has no project %s", registry.ErrNoProject, name), Hint: r.createHint(),
	}
}

func (r *Registry) createHint() string {
	return fmt.Sprintf("create project %s in Harbor, or set createProject: true for registry %s in packs.yaml; a name that is not quite right looks the same", r.spec.Harbor.Project, r.spec.Name)
}

// CreateProject creates the project as packs.yaml wishes. One that is there is
// left as it is.
func (r *Registry) CreateProject(ctx context.Context) (note string, err error) {
	h := r.spec.Harbor
	body := map[string]any{"project_name": h.Project}
	if h.Public != nil {
		body["metadata"] = map[string]string{"public": strconv.FormatBool(*h.Public)}
	}
	if h.StorageLimit != 0 {
		body["storage_limit"] = h.StorageLimit
	}
	_, err = r.call(ctx, http.MethodPost, "projects", nil, body)
	s := status(err)
	conflict := s != nil && s.Status == http.StatusConflict
	if err != nil && !conflict {
		return "", r.explain("create project", r.projectRef(), err)
	}
	r.project.found.set(finding{state: present})
	if h.StorageLimit == 0 || conflict {
		return "", nil
	}
	return r.limitNote(ctx), nil
}

// limitNote tells when Harbor gave a new project another storage limit: it takes
// that of an administrator only, and says nothing about it.
func (r *Registry) limitNote(ctx context.Context) string {
	reply, err := r.call(ctx, http.MethodGet, "projects/"+url.PathEscape(r.spec.Harbor.Project)+"/summary", nil, nil)
	if err != nil {
		return "" // it may not be ours to see
	}
	var summary struct {
		Quota *struct {
			Hard map[string]int64 `json:"hard"`
		} `json:"quota"`
	}
	if json.Unmarshal(reply, &summary) != nil || summary.Quota == nil {
		return ""
	}
	have, told := summary.Quota.Hard["storage"]
	if !told || have == r.spec.Harbor.StorageLimit {
		return ""
	}
	return fmt.Sprintf("Harbor gave the project the storage limit %s, not %s: only a system administrator's wish counts",
		limitText(have), limitText(r.spec.Harbor.StorageLimit))
}

func limitText(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprintf("%d bytes", n)
}
