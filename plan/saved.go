package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/packs-cli/packs/internal/strictjson"
)

// SavedFormat is the version of the format of saved plans. It grows when an
// older packs could not carry out what a newer one saves.
const SavedFormat = 1

// MaxSaved is the largest saved plan that is read, in bytes: one of 10,000 packs
// for ten registries has half of it.
const MaxSaved = 128 << 20

// Saved is what a plan in a file says beyond its actions: what was asked for, so
// that the same can be asked again before it is applied. References to layouts
// are then relative to packs.yaml, as paths of packs are, so that the plan can
// be applied in another checkout. It names no host, credential or folder that
// packs.yaml does not name as well: those are never taken from a plan.
type Saved struct {
	Format             int      `json:"format"`
	Registries         []string `json:"registries,omitempty"` // --registry
	Packs              []string `json:"packs,omitempty"`      // --pack
	Overwrite          []string `json:"overwrite,omitempty"`  // --overwrite
	RepairShape        bool     `json:"repairShape,omitempty"`
	UpdateRepositories bool     `json:"updateRepositories,omitempty"`
	Prune              bool     `json:"prune,omitempty"`
	IncludeUnmanaged   bool     `json:"includeUnmanaged,omitempty"`
	PruneRepositories  bool     `json:"repositories,omitempty"`
}

// ErrNewer is the cause of an error about a document that a newer version of
// packs made.
var ErrNewer = errors.New("made by a newer version of packs")

// FileError says why a document is not what it should be.
type FileError struct {
	Message string
	Err     error // the cause, or nil
}

// Error returns the message.
func (e *FileError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Decode reads the JSON text of a plan, strictly: it is hostile input. Whether
// it fits a catalog is for package executor to say. Errors are *FileError.
func Decode(data []byte) (*Plan, error) {
	if len(data) > MaxSaved {
		return nil, &FileError{Message: fmt.Sprintf("it has more than %d bytes", MaxSaved)}
	}
	if err := checkHead(data); err != nil {
		return nil, err
	}
	var p Plan
	if err := strictjson.Decode(data, &p); err != nil {
		return nil, &FileError{Message: err.Error(), Err: err}
	}
	for i := range p.Actions {
		if err := p.Actions[i].check(); err != nil {
			return nil, &FileError{Message: fmt.Sprintf("action %d: %s", i+1, err)}
		}
	}
	if p.Shard != nil {
		if s, err := ParseShard(p.Shard.String()); err != nil || s != *p.Shard {
			return nil, &FileError{Message: fmt.Sprintf("there is no shard %d/%d", p.Shard.Index, p.Shard.Count), Err: err}
		}
	}
	if p.Actions == nil {
		p.Actions = []Action{}
	}
	if p.Summary != Summarize(p.Actions) {
		return nil, &FileError{Message: "its summary does not count its actions: somebody changed one of them"}
	}
	return &p, nil
}

// checkHead tells a plan from other documents, and one that a newer version made.
func checkHead(data []byte) error {
	h, err := ReadHead(data)
	switch {
	case err != nil:
		return err
	case h.Kind != Kind:
		return &FileError{Message: fmt.Sprintf("it is a %.100q, not a %s", h.Kind, Kind)}
	case h.Saved != nil && h.Saved.Format > SavedFormat:
		return h.newer(fmt.Sprintf("has format %d, and this version reads %d", h.Saved.Format, SavedFormat))
	case h.Saved != nil && h.Saved.Format < 1:
		return &FileError{Message: fmt.Sprintf("there is no format %d of saved plans", h.Saved.Format)}
	}
	return nil
}

var (
	digestPattern  = regexp.MustCompile(`^[a-z0-9]+:[0-9a-f]{32,128}$`)
	contentPattern = regexp.MustCompile(`^(v[0-9]+:sha256:[0-9a-f]{64})?$`)
)

// check looks at what an action says of itself.
func (a *Action) check() error {
	version := a.Name != "" && a.Version != ""
	switch {
	case !slices.Contains(kinds, a.Kind):
		return fmt.Errorf("there is no action %.100q", a.Kind)
	case a.Registry == "":
		return errors.New("it names no registry")
	case (a.Name != "") != (a.Version != ""):
		return errors.New("it has a name or a version, and not both")
	case !version && !a.Kind.place():
		return fmt.Errorf("%s names no version", a.Kind)
	case version && a.Kind.place() && a.Kind != Unknown:
		return fmt.Errorf("%s names a version", a.Kind)
	case !contentPattern.MatchString(a.ContentDigest):
		return fmt.Errorf("the content digest %.100q is none", a.ContentDigest)
	case (a.From == "" || a.Name == "") && a.Digest != "" || a.Digest != "" && !digestPattern.MatchString(a.Digest):
		return fmt.Errorf("the digest %.100q is not that of a copy", a.Digest)
	case a.From != "" && (a.Path != "" || a.Name == "" && a.Kind != Unknown):
		return fmt.Errorf("it copies from %.100q, and is no copy", a.From)
	case a.From != "" && a.Digest == "" && (a.Kind == Push || a.Kind == Overwrite):
		return errors.New("it is a copy and does not say of what")
	case a.Observed != nil && (!digestPattern.MatchString(a.Observed.Digest) || !contentPattern.MatchString(a.Observed.ContentDigest)):
		return fmt.Errorf("the digests of what is published, %.100q and %.100q, are none", a.Observed.Digest, a.Observed.ContentDigest)
	case (a.Kind == Overwrite || a.Kind == Delete) && a.Observed == nil:
		return fmt.Errorf("%s of something that it does not say what it is", a.Kind)
	case a.Bytes < 0:
		return fmt.Errorf("it has %d bytes", a.Bytes)
	}
	return nil
}

// kinds are all there are.
var kinds = []ActionKind{CreateProject, CreateRepository, UpdateRepository, Push, Overwrite, Unchanged, Conflict, Unknown, Delete, DeleteRepository, Skip}

// place tells whether an action of a kind may be about a project or repository.
func (k ActionKind) place() bool {
	return k == CreateProject || k == CreateRepository || k == UpdateRepository || k == DeleteRepository || k == Unknown
}
