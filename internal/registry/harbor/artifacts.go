package harbor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// artifactsAPI is whether this account may read the artifacts API. The first
// who asks finds out, so that not every version is refused once.
type artifactsAPI struct {
	turn turn
	use  guarded[apiUse]
}

type apiUse int

const (
	useUnknown apiUse = iota
	useAlways
	useNever
)

// described is an artifact as the API tells it.
type described struct {
	Digest            string            `json:"digest"`
	MediaType         string            `json:"media_type"` // of the config
	ManifestMediaType string            `json:"manifest_media_type"`
	ArtifactType      string            `json:"artifact_type"` // that of the config where the manifest has none
	Annotations       map[string]string `json:"annotations"`
	PushTime          time.Time         `json:"push_time"`
	Tags              []taggedAt        `json:"tags"`
}

type taggedAt struct {
	Name      string    `json:"name"`
	PushTime  time.Time `json:"push_time"`
	Immutable bool      `json:"immutable"` // only where it was asked for
}

var withImmutable = url.Values{"with_immutable_status": {"true"}}

// get asks for an artifact. answered is false where the account may not read
// it, or where the API is not to be reached.
func (a *artifactsAPI) get(ctx context.Context, r *Registry, repository, tag string, query url.Values) (d *described, answered bool, err error) {
	if a.use.get() == useUnknown {
		if err := a.turn.take(ctx); err != nil {
			return nil, false, err
		}
		if a.use.get() == useUnknown {
			defer a.turn.give()
		} else {
			a.turn.give()
		}
	}
	if a.use.get() == useNever {
		return nil, false, nil
	}
	d, answered, err = r.askArtifact(ctx, repository, tag, query)
	if err == nil || isAnswer(err) {
		use := useNever
		if answered {
			use = useAlways
		}
		a.use.set(use)
	}
	return d, answered, err
}

// askArtifact sends the request. A missing version is registry.ErrNotFound.
func (r *Registry) askArtifact(ctx context.Context, repository, tag string, query url.Values) (d *described, answered bool, err error) {
	name := repository[len(r.spec.Harbor.Project)+1:]
	// The API wants the slashes of a repository escaped twice: here once, and once as part of the address.
	path := fmt.Sprintf("projects/%s/repositories/%s/artifacts/%s", r.spec.Harbor.Project, url.PathEscape(name), tag)
	reply, err := r.call(ctx, http.MethodGet, path, query, nil)
	s := status(err)
	var login *transport.LoginError
	switch {
	case errors.As(err, &login) && login.Login.Username == "":
		return nil, false, nil // nobody: the project may be public all the same
	case errors.As(err, &login), s == nil && err != nil, s != nil && s.Temporary():
		return nil, false, err
	case s != nil && s.Status == http.StatusNotFound && (says(s, "artifact "+repository) || says(s, "repository "+repository)):
		return nil, true, r.missingVersion(repository, tag, says(s, "repository "+repository))
	case s != nil:
		return nil, false, nil //nolint:nilerr // 403, or something in front that is no Harbor
	}
	d, err = parseArtifact(reply)
	return d, err == nil, nil // what is no artifact comes from something in front that is no Harbor
}

// parseArtifact reads the reply of the API.
func parseArtifact(reply []byte) (*described, error) {
	var d described
	if err := json.Unmarshal(reply, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", registry.ErrCorrupt, err)
	}
	if err := digest.Digest(d.Digest).Validate(); err != nil {
		return nil, fmt.Errorf("%w: digest %.100q: %w", registry.ErrCorrupt, d.Digest, err)
	}
	return &d, nil
}

// info is what can be said of the manifest without having read it.
func (d *described) info(repository, tag string) artifact.Info {
	return artifact.Info{
		Manifest:      ocispec.Descriptor{MediaType: d.ManifestMediaType, Digest: digest.Digest(d.Digest)},
		Title:         title(repository, tag),
		ContentDigest: d.Annotations[artifact.AnnotationContentDigest],
		Shape:         d.shape(),
	}
}

// shape goes by config and type; that the layer is as it should be is taken on
// trust, as the content digest is.
func (d *described) shape() artifact.Shape {
	switch {
	case d.ManifestMediaType != ocispec.MediaTypeImageManifest:
		return ""
	case d.MediaType == artifact.MediaTypeConfig10 && (d.ArtifactType == "" || d.ArtifactType == d.MediaType):
		return artifact.Shape10
	case d.MediaType == ocispec.MediaTypeEmptyJSON && d.ArtifactType == artifact.TypeUnknown:
		return artifact.Shape11
	}
	return ""
}

func (d *described) tag(name string) *taggedAt {
	for i := range d.Tags {
		if d.Tags[i].Name == name {
			return &d.Tags[i]
		}
	}
	return nil
}

// pushedAt is when the tag got this artifact, or when the artifact came.
func (d *described) pushedAt(tag string) time.Time {
	if t := d.tag(tag); t != nil && !t.PushTime.IsZero() {
		return t.PushTime
	}
	return d.PushTime
}

// mediaType is what a manifest says it is.
func mediaType(raw []byte) string {
	var m struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(raw, &m) == nil && m.MediaType != "" {
		return m.MediaType
	}
	return ocispec.MediaTypeImageManifest
}
