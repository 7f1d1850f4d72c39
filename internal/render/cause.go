package render

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// cause says why something failed without naming what it was about, so that
// equal failures of many packs read the same, and what to do about it.
func cause(err error) (why, hint string) {
	var re *registry.Error
	if !errors.As(err, &re) {
		return err.Error(), ""
	}
	why = oneLine(untried(first(re.Err)))
	if !errors.Is(err, registry.ErrUnreachable) && !errors.Is(err, registry.ErrCertificate) && !errors.Is(err, registry.ErrUnauthorized) {
		why = re.Op + ": " + why // the others are the same whatever was asked
	}
	return why, re.Hint
}

// first is why a registry was given up, where that is why it was not asked: packs
// that were asked and those that were not have the same cause.
func first(err error) error {
	var circuit *transport.CircuitError
	if errors.As(err, &circuit) {
		return circuit.Err
	}
	return err
}

// untried leaves out how often something was tried: packs with the same failure
// differ in that, see triesOf.
func untried(err error) error {
	tried := triesOf(err)
	switch {
	case tried == nil:
		return err
	case tried.Spent:
		return fmt.Errorf("%w; too many requests of this run failed to try each again", tried.Err)
	}
	return tried.Err
}

// triesOf tells how often something was tried; nil where that is no matter.
func triesOf(err error) *transport.GaveUpError {
	var re *registry.Error
	if errors.As(err, &re) {
		err = re.Err
	}
	var tried *transport.GaveUpError
	if errors.As(err, &tried) && tried.Error() == err.Error() {
		return tried
	}
	return nil
}

// alike is a cause without the file that it befell: each pack has its own.
func alike(err error) string {
	var re *registry.Error
	var file *fs.PathError
	if !errors.As(err, &re) || !errors.As(re.Err, &file) {
		return ""
	}
	return re.Op + ": " + file.Err.Error()
}

// oneLine is an error whose joined parts stand on one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", ": ") }
