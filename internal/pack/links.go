package pack

import (
	"fmt"
	"path"
	"strings"
)

const (
	maxHops  = 40        // links that one path may go through, as in Linux
	maxSteps = 1_000_000 // parts of paths that are followed for all links of a pack
)

// checkLinks refuses links that lead out of the pack: by an absolute target,
// by "..", or by way of other links. One that leads to nothing, but inside, is
// allowed: it harms nobody, and git keeps it too.
func checkLinks(files []File) error {
	var links map[string]string
	for i := range files {
		if files[i].Kind == Link {
			if links == nil {
				links = make(map[string]string)
			}
			links[files[i].Path] = files[i].Target
		}
	}
	w := linkWalk{links: links}
	for i := range files {
		if f := &files[i]; f.Kind == Link {
			if err := w.follow(f); err != nil {
				return err
			}
		}
	}
	return nil
}

type linkWalk struct {
	links map[string]string // path to target
	steps int
}

// follow goes where a link leads, as an operating system would.
func (w *linkWalk) follow(f *File) error {
	at, todo := path.Dir(f.Path), f.Target
	if !portable(todo) {
		return linkError(f, leadsOut)
	}
	for hops := 0; todo != ""; {
		var part string
		part, todo, _ = strings.Cut(todo, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			if at == "." {
				return linkError(f, leadsOut)
			}
			at = path.Dir(at)
			continue
		}
		at = path.Join(at, part)
		if through, ok := w.links[at]; ok {
			if !portable(through) {
				return linkError(f, leadsOut)
			}
			if hops++; hops > maxHops {
				return linkError(f, "leads through more than 40 links, or in a circle: remove it")
			}
			at, todo = path.Dir(at), through+"/"+todo
		}
		if w.steps++; w.steps > maxSteps {
			return linkError(f, "leads through too many others: remove some")
		}
	}
	return nil
}

const leadsOut = "leads out of the pack: put a copy of the file in its place"

// portable tells whether a target is relative on every platform. Read on
// Windows, targets have "/" already; a "\" would be read as one there.
func portable(target string) bool {
	drive := len(target) >= 2 && target[1] == ':' && 'a' <= target[0]|0x20 && target[0]|0x20 <= 'z'
	return !drive && !strings.HasPrefix(target, "/") && !strings.Contains(target, `\`)
}

func linkError(f *File, what string) error {
	return fmt.Errorf("%s: %w: the link to %s %s, or name the link in %s", show(f.Path), ErrUnsupported, show(f.Target), what, IgnoreFile)
}
