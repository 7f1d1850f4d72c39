package executor

import (
	"errors"

	"github.com/packs-cli/packs/plan"
)

// The kinds of the JSON documents about Palette.
const (
	PalettePlanKind     = "PalettePlan"
	PaletteRegisterKind = "PaletteRegisterReport"
	PaletteSyncKind     = "PaletteSyncReport"
	PaletteStatusKind   = "PaletteStatus"
	PaletteVerifyKind   = "PaletteVerifyReport"
)

// PalettePlan tells how the registries of packs.yaml differ from what Palette
// knows of them; as a report, what was done about it.
type PalettePlan struct {
	APIVersion  string             `json:"apiVersion"`
	Kind        string             `json:"kind"`
	Tool        string             `json:"tool,omitempty"`
	Summary     PalettePlanSummary `json:"summary"`
	Registries  []PaletteChange    `json:"registries"`
	Interrupted bool               `json:"interrupted,omitempty"`

	work []*registering // beside Registries
	open *stations
}

// PalettePlanSummary counts registries: by action in a plan, by what was done
// in a report.
type PalettePlanSummary struct {
	Create    int `json:"create"`
	Update    int `json:"update"`
	Unchanged int `json:"unchanged"`
	Failed    int `json:"failed"`
}

// Pending tells whether there is something to do.
func (s PalettePlanSummary) Pending() bool { return s.Create+s.Update > 0 }

// PaletteAction is what is to be done about one registry.
type PaletteAction string

// The actions of a PalettePlan.
const (
	PaletteCreate    PaletteAction = "create"
	PaletteUpdate    PaletteAction = "update"
	PaletteUnchanged PaletteAction = "unchanged"
	PaletteUnknown   PaletteAction = "unknown" // it could not be told
)

// PaletteChange is one registry of packs.yaml and what is to be done about it.
type PaletteChange struct {
	Registry string           `json:"registry"`
	Palette  string           `json:"palette"` // HOST[:PORT]
	Name     string           `json:"name"`    // in Palette
	Type     string           `json:"type"`    // basic or ecr
	UID      string           `json:"uid,omitempty"`
	Endpoint string           `json:"endpoint,omitempty"` // as Palette shall read it
	Action   PaletteAction    `json:"action"`
	Status   Status           `json:"status,omitempty"` // in a report
	Changes  []PaletteSetting `json:"changes,omitempty"`
	Reason   string           `json:"reason,omitempty"`
	Warning  string           `json:"warning,omitempty"`
	Profiles []string         `json:"profiles,omitempty"` // that use the registry which is replaced
	Error    string           `json:"error,omitempty"`
	Hint     string           `json:"hint,omitempty"`
	Err      error            `json:"-"`
}

// PaletteSetting is one setting that differs.
type PaletteSetting struct {
	Setting string `json:"setting"`
	Have    string `json:"have"`
	Want    string `json:"want"`
}

func (c *PaletteChange) fail(err error) {
	c.Err, c.Error, c.Hint = err, oneLine(err), hintOf(err)
}

// Failures joins what could not be done or told; nil where there is nothing.
func (p *PalettePlan) Failures() error {
	errs := make([]error, len(p.Registries))
	for i := range p.Registries {
		errs[i] = p.Registries[i].Err
	}
	return errors.Join(errs...)
}

// SyncState is how a registry stands with Palette.
type SyncState string

// The states of a registry.
const (
	SyncDone         SyncState = "synced"
	SyncRunning      SyncState = "running"
	SyncFailed       SyncState = "failed"
	SyncTimedOut     SyncState = "timedOut" // it goes on, but nobody waits any more
	SyncNever        SyncState = "never"
	SyncOff          SyncState = "off" // Palette does not sync it
	SyncUnregistered SyncState = "unregistered"
	SyncUnknown      SyncState = "unknown" // Palette could not be asked
)

// PaletteSyncs tells how registries stand, or what came of syncing them.
type PaletteSyncs struct {
	APIVersion  string             `json:"apiVersion"`
	Kind        string             `json:"kind"`
	Tool        string             `json:"tool,omitempty"`
	Summary     PaletteSyncSummary `json:"summary"`
	Registries  []PaletteSync      `json:"registries"`
	Interrupted bool               `json:"interrupted,omitempty"`
}

// PaletteSyncSummary counts registries by state.
type PaletteSyncSummary struct {
	Synced       int `json:"synced"`
	Running      int `json:"running"`
	Failed       int `json:"failed"`
	TimedOut     int `json:"timedOut"`
	Never        int `json:"never"`
	Off          int `json:"off"`
	Unregistered int `json:"unregistered"`
	Unknown      int `json:"unknown"`
}

// PaletteSync is one registry and how it stands.
type PaletteSync struct {
	Registry   string    `json:"registry"`
	Palette    string    `json:"palette"`
	Name       string    `json:"name"`
	Type       string    `json:"type"`
	UID        string    `json:"uid,omitempty"`
	State      SyncState `json:"state"`
	Triggered  bool      `json:"triggered,omitempty"` // by this run
	Status     string    `json:"status,omitempty"`    // in the word of Palette
	Message    string    `json:"message,omitempty"`   // of Palette
	LastRun    string    `json:"lastRun,omitempty"`
	LastSynced string    `json:"lastSynced,omitempty"`
	Packs      *int      `json:"packs,omitempty"` // names of packs that Palette shows; nil: not asked
	Error      string    `json:"error,omitempty"`
	Hint       string    `json:"hint,omitempty"`
	Err        error     `json:"-"`
}

func (r *PaletteSync) fail(state SyncState, err error) {
	r.State, r.Err, r.Error, r.Hint = state, err, oneLine(err), hintOf(err)
}

// Failures joins what went wrong, syncs that timed out among it.
func (p *PaletteSyncs) Failures() error {
	errs := make([]error, len(p.Registries))
	for i := range p.Registries {
		errs[i] = p.Registries[i].Err
	}
	return errors.Join(errs...)
}

func (p *PaletteSyncs) count() {
	s := &p.Summary
	into := map[SyncState]*int{
		SyncDone: &s.Synced, SyncRunning: &s.Running, SyncFailed: &s.Failed, SyncTimedOut: &s.TimedOut, SyncNever: &s.Never,
		SyncOff: &s.Off, SyncUnregistered: &s.Unregistered, SyncUnknown: &s.Unknown,
	}
	for i := range p.Registries {
		*into[p.Registries[i].State]++
	}
}

// VersionState is how Palette shows a version.
type VersionState string

// The states of a version in Palette.
const (
	VersionVisible   VersionState = "visible"
	VersionMissing   VersionState = "missing"
	VersionDifferent VersionState = "different" // visible, with other content than the pack has
	VersionUnknown   VersionState = "unknown"   // Palette could not be asked
	VersionTimedOut  VersionState = "timedOut"  // missing, while a sync goes on
)

// PaletteVerification tells which versions Palette shows.
type PaletteVerification struct {
	APIVersion  string           `json:"apiVersion"`
	Kind        string           `json:"kind"`
	Tool        string           `json:"tool,omitempty"`
	Source      *plan.Source     `json:"source,omitempty"`
	Summary     PaletteCounts    `json:"summary"`
	Packs       []PaletteVersion `json:"packs"`
	Interrupted bool             `json:"interrupted,omitempty"`
}

// PaletteCounts counts versions, once for each registry that they go to.
type PaletteCounts struct {
	Visible   int `json:"visible"`
	Missing   int `json:"missing"`
	TimedOut  int `json:"timedOut"`
	Different int `json:"different"`
	Unknown   int `json:"unknown"`
}

// Well tells whether Palette shows every version as it is.
func (c *PaletteCounts) Well() bool { return c.Missing+c.TimedOut+c.Different+c.Unknown == 0 }

// PaletteVersion is one version in one registry and whether Palette shows it.
type PaletteVersion struct {
	Registry string       `json:"registry"`
	Name     string       `json:"name"`
	Version  string       `json:"version"`
	State    VersionState `json:"state"`
	PackUID  string       `json:"packUid,omitempty"`
	Differs  []string     `json:"differs,omitempty"` // values, readme, presets or schema
	Reason   string       `json:"reason,omitempty"`
	Hint     string       `json:"hint,omitempty"`
	Err      error        `json:"-"`
}

func countVersions(packs []PaletteVersion) PaletteCounts {
	var c PaletteCounts
	for i := range packs {
		c.count(packs[i].State)
	}
	return c
}

func (c *PaletteCounts) count(s VersionState) {
	switch s {
	case VersionVisible:
		c.Visible++
	case VersionMissing:
		c.Missing++
	case VersionTimedOut:
		c.TimedOut++
	case VersionDifferent:
		c.Different++
	case VersionUnknown:
		c.Unknown++
	}
}

// PaletteReport is what an apply did about Palette.
type PaletteReport struct {
	Registries []PaletteSync    `json:"registries"`
	Packs      []PaletteVersion `json:"packs"`
}

// Join adds what another report says of Palette; nil says nothing.
func (r *Report) Join(p *PaletteReport) {
	if p == nil {
		return
	}
	if r.Palette == nil {
		r.Palette = &PaletteReport{Registries: []PaletteSync{}, Packs: []PaletteVersion{}}
	}
	r.Palette.Registries = append(r.Palette.Registries, p.Registries...)
	r.Palette.Packs = append(r.Palette.Packs, p.Packs...)
}

// Summarize counts what a report holds.
func (r *Report) Summarize() {
	r.Summary = Summarize(r.Items)
	if r.Palette != nil {
		counts := countVersions(r.Palette.Packs)
		r.Summary.Palette = &counts
	}
}

// Counted tells whether the summary of a report counts what it holds.
func (r *Report) Counted() bool {
	again := Report{Items: r.Items, Palette: r.Palette}
	again.Summarize()
	had, have := r.Summary.Palette, again.Summary.Palette
	same := (had == nil) == (have == nil) && (had == nil || *had == *have)
	again.Summary.Palette = had
	return same && again.Summary == r.Summary
}
