package lint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/packs-cli/packs/internal/pack"
)

// Input is one pack to check: a folder, or an archive of one.
type Input struct {
	Dir     string   // path of the folder or archive
	Path    string   // the same for findings, with slashes: relative to where packs was started
	Rel     string   // the same relative to packs.yaml, for the globs of Config; empty means Path
	Archive bool     // Dir is an archive
	Targets []string // registries that the pack goes to; empty means any
}

// rel returns the path of a file of the pack that globs are matched with.
func (in *Input) rel(file string) string {
	return path.Join(cmp.Or(in.Rel, in.Path), file)
}

// Result is what a run found.
type Result struct {
	Findings []Finding // sorted by path, place and rule
	Checked  int       // packs
}

// maxWorkers bounds how many packs are checked at once, and so the memory of a run.
const maxWorkers = 4

// Run checks packs, and compares them with each other and with Config.Others.
// Defects of packs are findings; an error means that the settings are wrong
// (ErrUnknownRule among them) or that the context has ended.
func Run(ctx context.Context, packs []Input, cfg Config) (Result, error) {
	if err := cfg.validate(); err != nil {
		return Result{}, err
	}
	r := &run{cfg: &cfg, single: semaphore.NewWeighted(1), found: make([][]Finding, len(packs)), facts: make([]*facts, len(packs)+len(cfg.Others))}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers(cfg.Workers))
	for i := range packs {
		g.Go(func() error {
			var err error
			r.found[i], r.facts[i], err = r.check(gctx, packs[i])
			return err
		})
	}
	for i := range cfg.Others {
		g.Go(func() error {
			var err error
			r.facts[len(packs)+i], err = r.look(gctx, cfg.Others[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Result{}, err
	}
	findings := slices.Concat(r.found...)
	across, err := r.compare(ctx, len(packs))
	if err != nil {
		return Result{}, err
	}
	findings = r.settle(append(findings, across...), r.facts[:len(packs)])
	return Result{Findings: findings, Checked: len(packs)}, nil
}

func workers(n int) int {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return min(n, maxWorkers)
}

// run is one call of Run. Results are kept by index, so that their order never
// depends on which pack was read first.
type run struct {
	cfg    *Config
	single *semaphore.Weighted // the one pack whose parsed files are large
	found  [][]Finding
	facts  []*facts
}

// check runs every rule that looks at one pack.
func (r *run) check(ctx context.Context, in Input) ([]Finding, *facts, error) {
	mem := &memory{ctx: ctx, single: r.single}
	defer mem.close()
	t, done, err := r.open(ctx, in, mem)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if err != nil {
		return []Finding{unreadable(in, err)}, &facts{in: in}, nil
	}
	facts := factsOf(t)
	var found []Finding
	for i := range ruleList {
		rule := &ruleList[i]
		if rule.check == nil || !r.cfg.enabled(rule) {
			continue
		}
		p := &pass{target: t, rule: rule}
		safely(p)
		found = append(found, p.finish()...)
	}
	for i := range found {
		f := &found[i]
		f.Name, f.Version, f.Pack = facts.name, facts.version, in.Path
	}
	if err := context.Cause(ctx); err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return found, facts, done()
}

// safely runs a rule. A fault in it must not end the program, nor hide what
// other rules find.
func safely(p *pass) {
	defer func() {
		if v := recover(); v != nil {
			p.report(place{}, "please report it: packs version, and the pack", fmt.Sprintf("this rule could not be checked: %v", v))
		}
	}()
	p.rule.check(p)
}

// look reads what rules across packs must know of a pack that is not checked.
func (r *run) look(ctx context.Context, in Input) (*facts, error) {
	mem := &memory{ctx: ctx, single: r.single}
	defer mem.close()
	t, done, err := r.open(ctx, in, mem)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return &facts{in: in}, nil // what cannot be read is said where it is checked
	}
	f := factsOf(t)
	f.images = nil
	return f, done()
}

// open opens a folder; an archive is unpacked for that, and done takes its
// files away again.
func (r *run) open(ctx context.Context, in Input, mem *memory) (t *target, done func() error, err error) {
	if !in.Archive {
		t, err := openTarget(ctx, in, mem)
		if err != nil {
			return nil, nil, err
		}
		return t, t.close, nil
	}
	dir, err := os.MkdirTemp(r.cfg.TempDir, "packs-lint-")
	if err != nil {
		return nil, nil, err
	}
	remove := func(err error) error { return errors.Join(err, os.RemoveAll(dir)) }
	if err := unpack(ctx, in.Dir, dir); err != nil {
		return nil, nil, remove(err)
	}
	unpacked := in
	unpacked.Dir = dir
	if t, err = openTarget(ctx, unpacked, mem); err != nil {
		return nil, nil, remove(err)
	}
	return t, func() error { return remove(t.close()) }, nil
}

func unpack(ctx context.Context, archive, dir string) (err error) {
	f, err := os.Open(filepath.Clean(archive))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = pack.Extract(ctx, f, dir, pack.Limits{Bytes: 4 << 30})
	return err
}

// settle applies severities and the entries of Ignore, and sorts.
func (r *run) settle(found []Finding, checked []*facts) []Finding {
	used := make([]bool, len(r.cfg.Ignore))
	kept := found[:0]
	for _, f := range found {
		if s, ok := r.cfg.severity(f.Rule, f.rel); ok {
			f.Severity = s
		}
		if f.Severity == Off || r.ignored(&f, used) {
			continue
		}
		kept = append(kept, f)
	}
	for _, f := range r.unused(used, checked) {
		if f.Severity != Off {
			kept = append(kept, f)
		}
	}
	slices.SortFunc(kept, order)
	return slices.Clip(kept)
}

func order(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message),
	)
}
