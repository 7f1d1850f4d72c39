package oci

import (
	"context"
	"net/http"
	"strings"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// HasBasePath asks by one HEAD for the empty artifact, whose digest is constant.
// See registry.BasePather.
func (r *Registry) HasBasePath(ctx context.Context, repository string) (bool, error) {
	empty := artifact.Empty()
	reference := empty.Manifest.Digest.String()
	var there bool
	err := r.client.Retry(ctx, func(ctx context.Context) (err error) {
		req := r.request(http.MethodHead, repository, "/manifests/"+reference)
		req.Header.Set("Accept", strings.Join(artifact.Accept(), ", "))
		there, _, err = r.exists(ctx, req)
		if noHead(err) {
			there, err = r.holds(ctx, repository, reference, empty)
		}
		return err
	})
	if err != nil {
		return false, r.fail("look for the base path", repository, reference, err)
	}
	if there {
		r.blobs.has(repository, empty.Config.Digest) // new repositories can mount it from here
	}
	return there, nil
}

// noHead tells whether a registry does not answer HEAD as it should.
func noHead(err error) bool {
	status := statusOf(err)
	return status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented || status == http.StatusBadRequest
}

// statusOf returns the status of a reply that is an error, or 0.
func statusOf(err error) int {
	if e := asStatus(err); e != nil {
		return e.Status
	}
	return 0
}

// CreateBasePath pushes the empty artifact by digest. See registry.BasePather.
func (r *Registry) CreateBasePath(ctx context.Context, repository string) error {
	_, err := r.Push(ctx, repository, "", artifact.Empty(), registry.Hint{})
	return err
}
