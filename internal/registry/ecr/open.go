package ecr

import (
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
)

// open makes the client of the registry's own protocol.
func (r *Registry) open(host string, plainHTTP bool, pace oci.Pace) (registry.Registry, error) {
	spec := *r.spec
	spec.Host, spec.PlainHTTP = host, plainHTTP
	spec.Limits.RequestsPerSecond = 0 // for ECR it is the rate of manifests: all else has far higher quotas
	again := r.opts.Retry
	if again.Throttled <= 0 && again.Tries != 1 { // 1: nothing shall be tried again
		again.Throttled = throttledFor
	}
	return oci.New(&spec, oci.Options{
		Login: r.session.registryLogin, Basic: true, AskForBlobs: true, Env: r.opts.Env, UserAgent: r.opts.UserAgent, Logger: r.opts.Logger,
		Retry: again, Pace: pace, Timeouts: r.opts.Timeouts, Clock: r.opts.Clock,
	})
}
