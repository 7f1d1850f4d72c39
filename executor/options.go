package executor

import (
	"log/slog"
	"time"

	"github.com/packs-cli/packs/plan"
)

// Options tunes an Executor. The zero value is ready to use.
type Options struct {
	// Registries are names or globs of the registries to work on; empty means
	// every registry that is not manual. A manual registry must be named in full.
	Registries []string
	// Pulling lets readOnly registries take part: for an Executor that only pulls.
	Pulling bool
	// Palette is for a run on Palette: registries that have a palette: block take
	// part, whether packs go there or not, those without one do not.
	Palette bool
	// Packs are NAME or NAME@RANGE, NAME may be a glob; empty means every pack.
	Packs []string
	// Shard takes only one of several equal parts of the chosen packs, and as
	// much smaller a part of what packs.yaml lets a run ask of a registry.
	Shard plan.Shard
	// Overwrite are exact NAME@VERSION that may replace other content.
	Overwrite []string
	// RepairShape pushes over equal content that Palette would ignore.
	RepairShape bool
	// UpdateRepositories gives existing repositories the settings of packs.yaml.
	UpdateRepositories bool
	// Unmanaged lists what registries hold beyond packs.yaml, also those to which
	// nothing goes.
	Unmanaged bool
	// Prune deletes what packs.yaml retires, and what its prune: does not keep.
	// Without it retired versions are only shown. It does not go with Packs.
	Prune bool
	// IncludeUnmanaged lets Prune delete versions that packs did not publish.
	IncludeUnmanaged bool
	// PruneRepositories lets Prune delete repositories that hold nothing, or will
	// hold nothing.
	PruneRepositories bool
	// Idle lets registries take part to which nothing goes.
	Idle bool
	// FailFast starts nothing new after the first failure.
	FailFast bool
	// Ahead makes archives of missing packs while Plan reads them: for a plan
	// that is applied at once.
	Ahead bool
	// Workers bounds the packs that are hashed or compressed at once; 0 means GOMAXPROCS.
	Workers int
	// MemoryBudget bounds the bytes of archives held in memory; what does not
	// fit goes to temporary files. 0 means 32 MiB.
	MemoryBudget int64
	// TempDir is where those files go; empty means the system's.
	TempDir string
	// Retries is how often an operation of a registry that failed is tried again;
	// 0 means 5, a negative number never.
	Retries int
	// RequestTimeout is how long a request may go on without a byte moving; after
	// an upload the reply may take three times as long. 0 means 1 min.
	RequestTimeout time.Duration
	// MaxRetryAfter is the longest wait that a registry may ask for and is
	// granted; 0 means 2 min.
	MaxRetryAfter time.Duration
	// CacheDir holds what was learnt of folders and layers in earlier runs;
	// empty means that nothing is remembered.
	CacheDir string
	// AllowExec lets credentials come from the programs that packs.yaml names.
	AllowExec bool
	// Tool and Source are written into plans and reports.
	Tool   string
	Source *plan.Source
	// Env looks environment variables up; nil means that none is set.
	Env func(name string) (value string, ok bool)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Stop, when it is closed, lets nothing new start; what is in flight ends.
	Stop <-chan struct{}
	// Logger gets what helps to find a fault, without secrets; nil discards it.
	Logger *slog.Logger
	// OnEvent is told what happens, one call at a time; nil ignores it. It must
	// not block for long.
	OnEvent func(Event)
}

// defaultMemoryBudget holds the archives of a few dozen usual packs (median
// 166 KB, largest 5 MB) and keeps the whole program below 100 MB.
const defaultMemoryBudget = 32 << 20

// recheckAfter is how old the observation that a version is missing may be
// when its tag is written; after that the registry is asked again.
const recheckAfter = 30 * time.Second

func (o *Options) setDefaults(workers int) {
	if o.Workers <= 0 {
		o.Workers = workers
	}
	if o.MemoryBudget <= 0 {
		o.MemoryBudget = defaultMemoryBudget
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the clock of a caller that brings none
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
}
