package render

import (
	"context"
	"errors"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// Codes of failures that no error of the library stands for.
const (
	CodeCatalog = "PACKS1001" // packs.yaml is wrong
	CodeUsage   = "PACKS1002" // the command line is wrong
)

// failure is a kind of failure that people can look up.
type failure struct {
	id string
	is func(err error) bool
}

// codes are all kinds, of which the first that fits counts: what was found out
// about a reply says more than its status.
var codes = []failure{
	{CodeCatalog, as[*manifest.InvalidError]},
	{CodeUsage, func(error) bool { return false }},
	{"PACKS1005", is(pack.ErrChanged)},
	{"PACKS1004", as[*executor.PackError]},
	{"PACKS1006", is(executor.ErrPin)},
	{"PACKS1003", as[*executor.InputError]},
	{"PACKS9001", is(executor.ErrInterrupted, context.Canceled)},
	{"PACKS2014", is(ecr.ErrAccount)},
	{"PACKS2006", is(registry.ErrQuota)},
	{"PACKS2007", is(registry.ErrNoWrites)},
	{"PACKS2008", is(registry.ErrProxySetup, oci.ErrLocation)},
	{"PACKS2009", is(registry.ErrDigest)},
	{"PACKS2010", is(registry.ErrCorrupt)},
	{"PACKS2011", is(registry.ErrImmutable)},
	{"PACKS2013", is(registry.ErrNotListed)},
	{"PACKS2015", is(registry.ErrNoDelete, registry.ErrShared, registry.ErrReferenced, registry.ErrMoved, registry.ErrNotEmpty)},
	{"PACKS2005", is(registry.ErrNoProject, registry.ErrNoRepository)},
	{"PACKS2002", is(registry.ErrCertificate)},
	{"PACKS2003", is(registry.ErrUnauthorized)},
	{"PACKS2004", is(registry.ErrDenied)},
	{"PACKS2001", is(registry.ErrUnreachable)},
	{"PACKS2016", is(registry.ErrNotFound)},
	{"PACKS2012", busy},
	{"PACKS3001", is(executor.ErrConflict)},
	{"PACKS3002", is(executor.ErrStale, plan.ErrNewer)},
}

// Codes returns the codes of all kinds of failures, as docs/errors.md lists them.
func Codes() []string {
	all := make([]string, len(codes))
	for i := range codes {
		all[i] = codes[i].id
	}
	return all
}

// CodeOf returns the code of a failure, or "" where it is of no known kind.
func CodeOf(err error) string {
	for _, c := range codes {
		if c.is(err) {
			return c.id
		}
	}
	return ""
}

func is(causes ...error) func(error) bool {
	return func(err error) bool {
		for _, c := range causes {
			if errors.Is(err, c) {
				return true
			}
		}
		return false
	}
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// busy tells whether a registry answered, and could not do it now.
func busy(err error) bool {
	var status *transport.StatusError
	return errors.As(err, &status) && status.Temporary()
}
