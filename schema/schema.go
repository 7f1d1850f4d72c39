package schema

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// The names of the schemas.
const (
	Packs            = "packs"             // packs.yaml
	Pack             = "pack"              // pack.json
	Plan             = "plan"              // packs plan -o json
	ApplyReport      = "apply-report"      // packs apply -o json
	PackList         = "pack-list"         // packs list -o json
	RuleList         = "rule-list"         // packs validate --list-rules -o json
	ValidationReport = "validation-report" // packs validate -o json
	VerifyReport     = "verify-report"     // packs verify -o json
	DiffReport       = "diff-report"       // packs diff -o json
	Bundle           = "bundle"            // bundle.json in a bundle
	BundleParts      = "bundle-parts"      // FILE.tar.json beside the parts of one
	BundleReport     = "bundle-report"     // report.json in a bundle
	PalettePlan      = "palette-plan"      // packs palette plan and register -o json
	PaletteSync      = "palette-sync"      // packs palette sync and status -o json
	PaletteVerify    = "palette-verify"    // packs palette verify -o json
)

//go:embed *.schema.json
var files embed.FS

// ErrUnknown is the cause of an error about a name that no schema has.
var ErrUnknown = errors.New("no such schema")

// Names returns the names of all schemas, sorted.
func Names() []string {
	return []string{ApplyReport, Bundle, BundleParts, BundleReport, DiffReport, Pack, PackList, Packs, PalettePlan, PaletteSync, PaletteVerify, Plan, RuleList, ValidationReport, VerifyReport}
}

// FileName returns the name of the file that holds a schema by convention:
// packs.schema.json for packs.
func FileName(name string) string { return name + ".schema.json" }

// Get returns the JSON text of a schema. A name that none has is ErrUnknown.
func Get(name string) ([]byte, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("%q: %w: there are %s", name, ErrUnknown, strings.Join(Names(), ", "))
	}
	return files.ReadFile(FileName(name))
}

// Validate checks a value against a schema. The value is JSON text as []byte
// or json.RawMessage, or anything that encoding/json can write. What does not
// fit is an *Error; text that is no JSON is the error of encoding/json.
func Validate(name string, value any) error {
	compiled, err := compile(name)
	if err != nil {
		return err
	}
	instance, err := decode(value)
	if err != nil {
		return err
	}
	err = compiled.Validate(instance)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return &Error{Schema: name, Violations: violations(invalid)}
	}
	return err
}

// decode turns a value into what the validator reads: maps, slices, strings,
// bools, nil and json.Number, which keeps a number's digits.
func decode(value any) (any, error) {
	text, ok := value.([]byte)
	if raw, isRaw := value.(json.RawMessage); isRaw {
		text, ok = raw, true
	}
	if !ok {
		var err error
		if text, err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var instance any
	if err := d.Decode(&instance); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one JSON value")
	}
	return instance, nil
}

var (
	compiledMu sync.Mutex
	compiled   = map[string]*jsonschema.Schema{}
)

// compile returns a compiled schema. Each is compiled once, when it is first used.
func compile(name string) (*jsonschema.Schema, error) {
	compiledMu.Lock()
	defer compiledMu.Unlock()
	if s, ok := compiled[name]; ok {
		return s, nil
	}
	text, err := Get(name)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft7
	if err := c.AddResource(FileName(name), bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	s, err := c.Compile(FileName(name))
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	compiled[name] = s
	return s, nil
}
