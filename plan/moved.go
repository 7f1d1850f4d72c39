package plan

import (
	"fmt"
	"slices"
)

// Move is something that is no longer as a plan says.
type Move struct {
	Planned *Action // nil for what was not planned
	Now     *Action // nil for what would not be done any more
	What    string  // in words
}

// Moved compares a saved plan with one that was made of the same catalog just
// now, and lists what differs, in the order of both. What is already done as
// planned does not: a version that was to be pushed and is there with the
// planned content, a repository that was to be created and is there.
//
// What a reader of the saved plan was told counts, too: an action with other
// reasons, sizes or files is another action.
func Moved(saved, now *Plan) []Move {
	current := make(map[Key]*Action, len(now.Actions))
	for i := range now.Actions {
		current[now.Actions[i].key()] = &now.Actions[i]
	}
	var moves []Move
	planned := make(map[Key]bool, len(saved.Actions))
	for i := range saved.Actions {
		a := &saved.Actions[i]
		if planned[a.key()] {
			moves = append(moves, Move{Planned: a, What: "it is planned twice"})
			continue
		}
		planned[a.key()] = true
		if what := a.differs(current[a.key()]); what != "" {
			moves = append(moves, Move{Planned: a, Now: current[a.key()], What: what})
		}
	}
	for i := range now.Actions {
		if a := &now.Actions[i]; !planned[a.key()] {
			moves = append(moves, Move{Now: a, What: fmt.Sprintf("it was not planned, and is now %s", a.told())})
		}
	}
	return moves
}

// key identifies what an action is about: one version, project or repository.
func (a *Action) key() Key {
	if a.Name == "" {
		return Key{Registry: a.Registry, Name: " " + a.From, Version: a.Repository}
	}
	return Key{a.Registry, a.Name, a.Version}
}

// differs says in what an action is not what it was, "" where it is the same or
// is done.
func (a *Action) differs(now *Action) string {
	switch {
	case now == nil && a.done():
		return ""
	case now == nil:
		return fmt.Sprintf("it was %s, and is not planned any more", a.told())
	case a.reached(now):
		return ""
	case now.Kind != a.Kind:
		return fmt.Sprintf("it was %s, and is now %s", a.told(), now.told())
	case now.Path != a.Path || now.Repository != a.Repository || now.Reference != a.Reference:
		return fmt.Sprintf("it was from %q to %q, and is now from %q to %q", a.Path, a.Reference, now.Path, now.Reference)
	case now.From != a.From:
		return fmt.Sprintf("it was copied from %q, and is now from %q", a.From, now.From)
	case now.Digest != a.Digest:
		return fmt.Sprintf("%s held %s, and holds now %s", a.From, a.Digest, now.Digest)
	case now.ContentDigest != a.ContentDigest && (a.From == "" || a.ContentDigest != "" && now.ContentDigest != ""): // a copy's may not be known yet
		return fmt.Sprintf("the content of the pack was %s, and is now %s", a.ContentDigest, now.ContentDigest)
	case observed(now.Observed) != observed(a.Observed):
		return fmt.Sprintf("the registry held %s, and holds now %s", observed(a.Observed), observed(now.Observed))
	case !slices.Equal(now.Sidecars, a.Sidecars):
		return fmt.Sprintf("the tags %q were to go with it, and now %q", a.Sidecars, now.Sidecars)
	case a.Kind == Unknown:
		return "" // why a registry cannot be asked may be said otherwise each time
	case now.Reason != a.Reason || now.Warning != a.Warning || now.Bytes != a.Bytes || !sameFiles(now.Changes, a.Changes):
		return fmt.Sprintf("the plan told %s (%d bytes), and it is now %s (%d bytes)", a.told(), a.Bytes, now.told(), now.Bytes)
	}
	return ""
}

// done tells whether an action has no further one once it was carried out, or
// once what it could not see turned out to be there.
func (a *Action) done() bool { return a.Name == "" || a.Kind == Delete }

// reached tells whether a version that was to be published is there as planned.
func (a *Action) reached(now *Action) bool {
	same := now.ContentDigest == a.ContentDigest
	if a.From != "" {
		same = now.Digest == a.Digest && now.From == a.From
	}
	return same && (a.Kind == Push || a.Kind == Overwrite) && now.Kind == Unchanged &&
		now.Path == a.Path && now.Reference == a.Reference && now.Repository == a.Repository
}

// told is what a reader of a plan sees of an action.
func (a *Action) told() string {
	text := string(a.Kind)
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	if a.Warning != "" {
		text += " (" + a.Warning + ")"
	}
	return text
}

func observed(p *Published) string {
	switch {
	case p == nil:
		return "nothing"
	case p.ContentDigest == "":
		return p.Digest
	}
	return p.Digest + " with content " + p.ContentDigest
}

// sameFiles compares changes, but for what git tracks.
func sameFiles(a, b *Changes) bool {
	if a.Len() != b.Len() {
		return false
	}
	return a == nil || b == nil || slices.Equal(a.Added, b.Added) && slices.Equal(a.Removed, b.Removed) &&
		slices.Equal(a.Modified, b.Modified) && slices.Equal(a.Mode, b.Mode)
}
