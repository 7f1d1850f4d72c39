package plan

// APIVersion is the version of the JSON formats of plans and reports.
const APIVersion = "packs/v1"

// Kind is the kind of a plan's JSON document.
const Kind = "Plan"

// Plan is what has to be done, in a fixed order: registries as in packs.yaml;
// in each, projects and repositories to create, then versions by name and
// version.
type Plan struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Tool       string  `json:"tool,omitempty"`   // the version of packs that made it
	Source     *Source `json:"source,omitempty"` // where the packs come from
	Shard      *Shard  `json:"shard,omitempty"`  // the part of the catalog that it is about; nil: all of it
	// MissingShards are parts of the catalog that a plan joined from several says
	// nothing about.
	MissingShards []Shard       `json:"missingShards,omitempty"`
	Summary       Summary       `json:"summary"`
	Actions       []Action      `json:"actions"`
	Palette       []PaletteStep `json:"palette,omitempty"` // what apply --palette does after the actions
	Remarks       []string      `json:"remarks,omitempty"` // what a reader should know and no action says
	// Unmanaged are versions that registries hold and packs.yaml does not send
	// there; Gaps say why there may be more. Both only where they were asked for.
	Unmanaged []Unmanaged `json:"unmanaged,omitempty"`
	Gaps      []string    `json:"gaps,omitempty"`
	Saved     *Saved      `json:"saved,omitempty"` // in a file that `apply` reads; nil in a plan that is only shown

	held map[string]int // versions that registries hold, where it was looked; for Excesses
}

// Unmanaged is a version that a registry holds beyond packs.yaml.
type Unmanaged struct {
	Registry   string `json:"registry"`
	Repository string `json:"repository"` // without host
	Name       string `json:"name"`
	Version    string `json:"version"`
	Reference  string `json:"reference"` // HOST/REPOSITORY:VERSION
}

// Source is the state of the git work tree that packs.yaml lies in.
type Source struct {
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty"`
}

// ActionKind says what an action does.
type ActionKind string

// What an action can be.
const (
	CreateProject    ActionKind = "create-project"
	CreateRepository ActionKind = "create-repository"
	UpdateRepository ActionKind = "update-repository" // give it the settings of packs.yaml
	Push             ActionKind = "push"              // the version is missing
	Overwrite        ActionKind = "overwrite"         // there with other content, and told to replace it
	Unchanged        ActionKind = "unchanged"         // there with this content
	Conflict         ActionKind = "conflict"          // there with other content, or not to be replaced
	Unknown          ActionKind = "unknown"           // the registry could not be asked
	Delete           ActionKind = "delete"
	DeleteRepository ActionKind = "delete-repository" // it holds no version any more
	Skip             ActionKind = "skip"              // there with other content, and told to leave it
)

// Writes tells whether an action of that kind changes a registry.
func (k ActionKind) Writes() bool {
	switch k {
	case CreateProject, CreateRepository, UpdateRepository, Push, Overwrite, Delete, DeleteRepository:
		return true
	case Unchanged, Conflict, Unknown, Skip:
	}
	return false
}

// Action is one line of a plan.
type Action struct {
	Kind          ActionKind `json:"action"`
	Registry      string     `json:"registry"`
	Repository    string     `json:"repository"` // without host; a project for create-project
	Name          string     `json:"name,omitempty"`
	Version       string     `json:"version,omitempty"`
	Path          string     `json:"path,omitempty"`      // of the pack, relative to packs.yaml
	From          string     `json:"from,omitempty"`      // the registry that it is copied from
	Digest        string     `json:"digest,omitempty"`    // of the manifest that is copied from there
	Subject       string     `json:"subject,omitempty"`   // NAME@VERSION that a copy belongs to which is no version itself: a signature
	Reference     string     `json:"reference,omitempty"` // HOST/REPOSITORY:VERSION
	ContentDigest string     `json:"contentDigest,omitempty"`
	Reason        string     `json:"reason"`
	Bytes         int64      `json:"bytes"`              // of the pack's files, or of the layer that is copied
	Observed      *Published `json:"observed,omitempty"` // what the registry holds under the version
	Sidecars      []string   `json:"sidecars,omitempty"` // tags, as of signatures, that are deleted with the version
	Changes       *Changes   `json:"changes,omitempty"`  // from what the registry holds to what is wanted
	Warning       string     `json:"warning,omitempty"`
	Hint          string     `json:"hint,omitempty"` // what to do about a conflict or an unknown
	Err           error      `json:"-"`              // the cause of an unknown
}

// Published is what a registry holds under a version.
type Published struct {
	Digest        string `json:"digest"`                  // of the manifest
	ContentDigest string `json:"contentDigest,omitempty"` // "" where it is not known
}

// Summary counts the actions of a plan by kind.
type Summary struct {
	CreateProject    int   `json:"createProject"`
	CreateRepository int   `json:"createRepository"`
	UpdateRepository int   `json:"updateRepository"`
	Push             int   `json:"push"`
	Overwrite        int   `json:"overwrite"`
	Unchanged        int   `json:"unchanged"`
	Conflict         int   `json:"conflict"`
	Unknown          int   `json:"unknown"`
	Delete           int   `json:"delete"`
	DeleteRepository int   `json:"deleteRepository"`
	Skip             int   `json:"skip"`
	Warnings         int   `json:"warnings"`
	Bytes            int64 `json:"bytes"` // of the files of versions to push or overwrite
}

// Pending tells whether carrying out the plan would change any registry.
func (s Summary) Pending() bool {
	return s.CreateProject+s.CreateRepository+s.UpdateRepository+s.Push+s.Overwrite+s.Delete+s.DeleteRepository > 0
}

// Summarize counts actions.
func Summarize(actions []Action) Summary {
	var s Summary
	counts := map[ActionKind]*int{
		CreateProject: &s.CreateProject, CreateRepository: &s.CreateRepository, UpdateRepository: &s.UpdateRepository,
		Push: &s.Push, Overwrite: &s.Overwrite, Unchanged: &s.Unchanged, Conflict: &s.Conflict,
		Unknown: &s.Unknown, Delete: &s.Delete, DeleteRepository: &s.DeleteRepository, Skip: &s.Skip,
	}
	for i := range actions {
		a := &actions[i]
		*counts[a.Kind]++
		if a.Warning != "" {
			s.Warnings++
		}
		if a.Kind == Push || a.Kind == Overwrite {
			s.Bytes += a.Bytes
		}
	}
	return s
}
