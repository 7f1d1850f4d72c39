package plan

import "slices"

// File is one file of a pack, as far as telling changes needs it.
type File struct {
	Path       string
	Link       bool
	Executable bool
	Size       int64
	Digest     [32]byte // of the bytes, or of a link's target
}

// Changes lists files by their paths in the pack, each list sorted.
type Changes struct {
	Added    []string `json:"added,omitempty"`    // wanted, not published
	Removed  []string `json:"removed,omitempty"`  // published, not wanted
	Modified []string `json:"modified,omitempty"` // other bytes, or a link where a file was
	Mode     []string `json:"mode,omitempty"`     // the same bytes, the executable bit differs
	// Untracked names the added and modified files that git does not track:
	// often the reason why a pack differs on one machine only.
	Untracked []string `json:"untracked,omitempty"`
}

// Len is the number of files that differ.
func (c *Changes) Len() int {
	if c == nil {
		return 0
	}
	return len(c.Added) + len(c.Removed) + len(c.Modified) + len(c.Mode)
}

// Diff compares the published files of a pack with the wanted ones. Both lists
// are sorted by path.
func Diff(published, wanted []File) *Changes {
	c := &Changes{}
	i, j := 0, 0
	for i < len(published) || j < len(wanted) {
		switch {
		case j == len(wanted) || (i < len(published) && published[i].Path < wanted[j].Path):
			c.Removed = append(c.Removed, published[i].Path)
			i++
		case i == len(published) || wanted[j].Path < published[i].Path:
			c.Added = append(c.Added, wanted[j].Path)
			j++
		default:
			c.compare(published[i], wanted[j])
			i++
			j++
		}
	}
	return c
}

func (c *Changes) compare(published, wanted File) {
	switch {
	case published.Digest != wanted.Digest || published.Link != wanted.Link || published.Size != wanted.Size:
		c.Modified = append(c.Modified, wanted.Path)
	case published.Executable != wanted.Executable:
		c.Mode = append(c.Mode, wanted.Path)
	}
}

// First returns up to n paths that differ, each with a sign before it:
// + added, - removed, ~ modified, x mode.
func (c *Changes) First(n int) []string {
	if c == nil {
		return nil
	}
	var all []string
	for _, group := range []struct {
		sign  string
		paths []string
	}{{"~", c.Modified}, {"+", c.Added}, {"-", c.Removed}, {"x", c.Mode}} {
		for _, p := range group.paths {
			all = append(all, group.sign+p)
		}
	}
	return slices.Clip(all[:min(n, len(all))])
}
