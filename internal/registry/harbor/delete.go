package harbor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

var (
	_ registry.Deleter           = (*Registry)(nil)
	_ registry.RepositoryDeleter = (*Registry)(nil)
	_ registry.PushTimer         = (*Registry)(nil)
)

const opDelete = "delete"

// Delete takes a tag away by the API: the tag alone where its artifact has
// others, else the artifact, with which Harbor deletes its accessories. An
// account that may not read the artifacts API deletes the tag alone. See
// registry.Deleter.
func (r *Registry) Delete(ctx context.Context, d registry.Deletion) error {
	ref := r.ref(d.Repository, d.Tag)
	if err := r.need(ctx, opDelete, ref); err != nil {
		return err
	}
	return r.explainDelete(opDelete, ref, r.delete(ctx, &d))
}

func (r *Registry) delete(ctx context.Context, d *registry.Deletion) error {
	now, tags, err := r.tagsBeside(ctx, d)
	if err != nil {
		return err
	}
	if now != d.Digest {
		return fmt.Errorf("%w: %s, not %s", registry.ErrMoved, now, d.Digest)
	}
	artifact := r.repositoryPath(d.Repository) + "/artifacts/" + d.Digest.String()
	if len(tags) > 0 {
		return r.remove(ctx, artifact+"/tags/"+d.Tag)
	}
	if err := r.remove(ctx, artifact); err != nil {
		return err
	}
	for _, tag := range d.Sidecars { // those that Harbor does not know as accessories
		if err := r.removeSidecar(ctx, d, tag); err != nil && !isMissing(err) && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
	}
	return nil
}

// removeSidecar deletes what a sidecar's tag names. Where other tags name it, too,
// only the tag goes: whoever may push could else have a version deleted by
// calling it a signature.
func (r *Registry) removeSidecar(ctx context.Context, d *registry.Deletion, tag string) error {
	_, others, err := r.tagsBeside(ctx, &registry.Deletion{Repository: d.Repository, Tag: tag, Sidecars: d.Sidecars})
	if err != nil {
		return err
	}
	path := r.repositoryPath(d.Repository) + "/artifacts/" + tag
	if len(others) > 0 {
		path += "/tags/" + tag
	}
	return r.remove(ctx, path)
}

// tagsBeside returns what a tag names and which other tags that has, but for
// sidecars. Where the other tags cannot be known, there is one without a name.
func (r *Registry) tagsBeside(ctx context.Context, d *registry.Deletion) (now digest.Digest, tags []string, err error) {
	a, answered, err := r.api.get(ctx, r, d.Repository, d.Tag, nil)
	if err != nil {
		return "", nil, err
	}
	if !answered {
		now, err = r.head(ctx, d.Repository, d.Tag)
		if err == nil && now == "" {
			err = fmt.Errorf("%w: the registry does not tell the digest of the tag", registry.ErrCorrupt)
		}
		return now, []string{""}, err
	}
	for i := range a.Tags {
		if name := a.Tags[i].Name; name != d.Tag && !slices.Contains(d.Sidecars, name) {
			tags = append(tags, name)
		}
	}
	return digest.Digest(a.Digest), tags, nil
}

// repositoryPath is the path of a repository in the API, whose slashes are
// escaped twice: here once, and once as part of the address.
func (r *Registry) repositoryPath(repository string) string {
	name := repository[len(r.spec.Harbor.Project)+1:]
	return fmt.Sprintf("projects/%s/repositories/%s", r.spec.Harbor.Project, url.PathEscape(name))
}

// remove sends one DELETE. Where a try before got no reply, that nothing is there
// means that it was done.
func (r *Registry) remove(ctx context.Context, path string) error {
	tries := 0
	return r.client.Retry(ctx, func(ctx context.Context) error {
		tries++
		_, err := r.send(ctx, transport.Request{
			Method: http.MethodDelete, URL: r.client.URL(apiRoot+path, nil), Header: http.Header{"Accept": {"application/json"}},
		})
		if tries > 1 && isMissing(err) {
			return nil
		}
		return err
	})
}

func isMissing(err error) bool {
	s := status(err)
	return s != nil && s.Status == http.StatusNotFound
}

// DeleteRepository deletes a repository that holds no artifact. See
// registry.RepositoryDeleter. Harbor itself would delete it with everything in
// it: what is pushed right between the look and the delete is lost.
func (r *Registry) DeleteRepository(ctx context.Context, repository string) error {
	const op = "delete repository"
	ref := r.ref(repository, "")
	if err := r.need(ctx, op, ref); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return nil
		}
		return err
	}
	err := r.deleteRepository(ctx, repository)
	if isMissing(err) {
		return nil
	}
	return r.explainDelete(op, ref, err)
}

func (r *Registry) deleteRepository(ctx context.Context, repository string) error {
	path := r.repositoryPath(repository) + "/artifacts"
	reply, err := r.call(ctx, http.MethodGet, path, url.Values{"page_size": {"1"}, "with_tag": {"false"}}, nil)
	if err != nil {
		return err
	}
	var artifacts []json.RawMessage
	if err := json.Unmarshal(reply, &artifacts); err != nil {
		return fmt.Errorf("%w: the list of artifacts: %w", registry.ErrCorrupt, err)
	}
	if len(artifacts) > 0 {
		return registry.ErrNotEmpty
	}
	return r.remove(ctx, r.repositoryPath(repository))
}

const (
	artifactsPage = 100 // what Harbor gives at most
	maxArtifacts  = 1 << 20
)

// PushTimes tells when tags got the artifact that they name. See registry.PushTimer.
func (r *Registry) PushTimes(ctx context.Context, repository string) (map[string]time.Time, error) {
	const op = "ask for push times in"
	ref := r.ref(repository, "")
	if err := r.need(ctx, op, ref); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return map[string]time.Time{}, nil
		}
		return nil, err
	}
	times := make(map[string]time.Time)
	for page := 1; ; page++ {
		artifacts, err := r.artifactsPage(ctx, repository, page)
		if isMissing(err) {
			return times, nil
		}
		if err != nil {
			return nil, r.explainRead(op, ref, err)
		}
		for i := range artifacts {
			for _, tag := range artifacts[i].Tags {
				if at := artifacts[i].pushedAt(tag.Name); !at.IsZero() {
					times[tag.Name] = at
				}
			}
		}
		if len(artifacts) < artifactsPage {
			return times, nil
		}
		if page*artifactsPage >= maxArtifacts {
			return nil, r.explain(op, ref, fmt.Errorf("%w: its pages do not end", registry.ErrCorrupt))
		}
	}
}

func (r *Registry) artifactsPage(ctx context.Context, repository string, page int) ([]described, error) {
	query := url.Values{"page": {strconv.Itoa(page)}, "page_size": {strconv.Itoa(artifactsPage)}, "with_tag": {"true"}}
	reply, err := r.call(ctx, http.MethodGet, r.repositoryPath(repository)+"/artifacts", query, nil)
	if err != nil {
		return nil, err
	}
	var artifacts []described
	if err := json.Unmarshal(reply, &artifacts); err != nil {
		return nil, fmt.Errorf("%w: the list of artifacts: %w", registry.ErrCorrupt, err)
	}
	return artifacts, nil
}

// explainRead is explain for what only an account with the right to list
// artifacts may ask.
func (r *Registry) explainRead(op, ref string, err error) error {
	if s := status(err); s != nil && s.Status == http.StatusForbidden {
		return &registry.Error{
			Op: op, Ref: ref, Err: &diagnosed{&diagnosis{meaning: registry.ErrDenied, text: r.user() + " may not list artifacts"}, err},
			Hint: "give it the right to list artifacts (a robot account: List Artifact)",
		}
	}
	return r.explain(op, ref, err)
}

// explainDelete makes the error of a delete one for a person. Harbor refuses it
// by 412 where a rule or another artifact needs what is to be deleted.
func (r *Registry) explainDelete(op, ref string, err error) error {
	d := r.diagnoseDelete(err)
	if d == nil {
		return r.explain(op, ref, err)
	}
	return &registry.Error{Op: op, Ref: ref, Err: &diagnosed{d, err}, Hint: d.hint}
}

func (r *Registry) diagnoseDelete(err error) *diagnosis {
	p := r.spec.Harbor.Project
	s := status(err)
	var login *transport.LoginError
	switch {
	case errors.As(err, &login) && login.Accepted, s != nil && s.Status == http.StatusForbidden && !says(s, "read only mode"):
		return &diagnosis{
			meaning: registry.ErrDenied, text: fmt.Sprintf("%s may not delete in project %s", r.user(), p), hint: r.deleteHint(),
		}
	case s == nil:
		return nil
	case s.Status == http.StatusPreconditionFailed && says(s, "immutable"):
		return &diagnosis{
			meaning: registry.ErrImmutable, text: "the tag is immutable by a rule of project " + p,
			hint: "exclude this tag from the rule for as long as it takes to delete it (Harbor: project " + p + ", Policy, Tag Immutability)",
		}
	case s.Status == http.StatusPreconditionFailed:
		return &diagnosis{
			meaning: registry.ErrReferenced, text: "another artifact of the repository names it",
			hint: "delete the index that names it first (Harbor: project " + p + ", Repositories)",
		}
	case s.Status == http.StatusNotFound:
		return &diagnosis{meaning: registry.ErrNotFound, hint: ""}
	}
	return nil
}

func (r *Registry) deleteHint() string {
	p := r.spec.Harbor.Project
	if isRobot(r.client.Who().Username) {
		return "give the robot account the permissions Delete Artifact, Delete Tag and Read Artifact for project " + p + " (Delete Repository for empty repositories)"
	}
	return "make the user at least a Maintainer of project " + p + " (Harbor: project " + p + ", Members)"
}
