package executor

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// places is what a registry has of what packs go into.
type places struct {
	project  plan.Existence
	basePath plan.Existence
	settings []plan.Setting
	settling error // why settings could not be compared
}

// project is the project that apply may create, or "".
func (t *target) project() string {
	if _, can := t.Registry.(registry.ProjectCreator); can && t.spec.Harbor != nil && t.spec.Harbor.CreateProject && !t.idle {
		return t.spec.Harbor.Project
	}
	return ""
}

// basePath is the base path repository that a registry shall have, or "".
func (t *target) basePath() string {
	_, pushes := t.Registry.(registry.BasePather)
	_, creates := t.Registry.(registry.RepositoryCreator)
	if (pushes || creates) && t.spec.BasePathRepository && !t.others && !t.idle {
		return t.spec.Base()
	}
	return ""
}

// observeAll asks one registry for all its versions and for what they go into.
func (e *Executor) observeAll(ctx context.Context, s *survey, t *target, found *places) error {
	if err := t.locate(ctx); err != nil {
		t.lost = err
		s.unreachable(t, found, err)
		return e.interrupted(ctx)
	}
	g := new(errgroup.Group) // its functions report into the survey and return nil
	g.SetLimit(concurrency(t.spec))
	g.Go(func() error { t.lookForPlaces(ctx, found); return nil })
	for i := range s.versions {
		if s.targets[i] != t {
			continue
		}
		g.Go(func() error {
			if !e.ended(ctx) {
				s.seen[i] = e.observe(ctx, t, s.versions[i].Repository, s.versions[i].Version)
				if at := s.order[i]; at >= 0 {
					s.queue.saw(at, s.seen[i].err == nil && !s.seen[i].present)
				}
				e.events.emit(Event{Type: EventPlanProgress})
			}
			return nil
		})
	}
	_ = g.Wait()
	if err := e.interrupted(ctx); err != nil {
		return err
	}
	e.compareSettings(ctx, s, t, found)
	return e.interrupted(ctx)
}

// locate asks a registry for its host, where packs.yaml cannot say it.
func (t *target) locate(ctx context.Context) error {
	a, ok := t.Registry.(registry.Addresser)
	if !ok {
		return nil
	}
	host, err := a.Address(ctx)
	if err == nil {
		spec := *t.spec
		spec.Host = host
		t.spec = &spec
	}
	return err
}

// unreachable notes for all of a registry that it could not be asked.
func (s *survey) unreachable(t *target, found *places, err error) {
	found.project, found.basePath = plan.Existence{Err: err}, plan.Existence{Err: err}
	for i := range s.versions {
		if s.targets[i] == t {
			s.seen[i] = seen{err: err}
		}
	}
}

func (t *target) lookForPlaces(ctx context.Context, found *places) {
	if t.project() != "" {
		p, _ := t.Registry.(registry.ProjectCreator) // project knows that it is one
		found.project.Present, found.project.Err = p.HasProject(ctx)
	}
	base := t.basePath()
	if base == "" {
		return
	}
	switch r := t.Registry.(type) {
	case registry.RepositoryCreator:
		found.basePath.Present, found.basePath.Err = r.HasRepository(ctx, base)
	case registry.BasePather:
		found.basePath.Present, found.basePath.Err = r.HasBasePath(ctx, base)
	}
}

// compareSettings tells where repositories are not as packs.yaml wishes. That
// it cannot be told stops nothing.
func (e *Executor) compareSettings(ctx context.Context, s *survey, t *target, found *places) {
	settler, ok := t.Registry.(registry.RepositorySettler)
	if !ok {
		return
	}
	var repositories []string
	if found.basePath.Present {
		repositories = append(repositories, t.spec.Base())
	}
	for i := range s.versions {
		if s.targets[i] == t && s.seen[i].err == nil && !s.seen[i].noRepository {
			repositories = append(repositories, s.versions[i].Repository)
		}
	}
	slices.Sort(repositories)
	repositories = slices.Compact(repositories)
	differences, err := settler.Differences(ctx, repositories)
	if err != nil {
		found.settling = err
		return
	}
	for _, repository := range repositories {
		for _, d := range differences[repository] {
			found.settings = append(found.settings, plan.Setting{
				Registry: t.spec.Name, Repository: repository, Name: d.Setting, Have: d.Have, Want: d.Want, Fixed: d.Fixed,
			})
		}
	}
}

// hintOf returns what an error says to do.
func hintOf(err error) string {
	var re *registry.Error
	if errors.As(err, &re) {
		return re.Hint
	}
	return ""
}
