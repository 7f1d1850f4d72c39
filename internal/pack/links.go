package pack

import (
	"fmt"
	"path"
	"strings"
)

// maxHops bounds how many links a path may go through, as operating systems do.
const maxHops = 40

// checkLinks refuses links that leave the pack: by an absolute target, by too
// many "..", or by way of other links. links maps the path of each link to its
// target. A link to a file that is not there is allowed: it stays inside.
func checkLinks(links map[string]string) error {
	for from, target := range links {
		if !staysInside(links, path.Dir(from), target) {
			return fmt.Errorf("%s: link to %s: %w (it leaves the pack, or goes in circles: copy the file into the pack instead)", from, target, ErrUnsupported)
		}
	}
	return nil
}

// staysInside follows target from the folder dir, through other links.
func staysInside(links map[string]string, dir, target string) bool {
	at := []string{}
	if dir != "." {
		at = strings.Split(dir, "/")
	}
	todo := []string{target}
	hops := 0
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if strings.HasPrefix(next, "/") || isDrive(next) {
			return false
		}
		part, rest, more := strings.Cut(next, "/")
		if more {
			todo = append(todo, rest)
		}
		switch part {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return false
			}
			at = at[:len(at)-1]
			continue
		}
		at = append(at, part)
		if through, isLink := links[strings.Join(at, "/")]; isLink {
			if hops++; hops > maxHops {
				return false
			}
			at = at[:len(at)-1]
			todo = append(todo, through)
		}
	}
	return true
}

// isDrive tells whether a path begins with a Windows drive: C:.
func isDrive(s string) bool {
	return len(s) >= 2 && s[1] == ':' && ('a' <= s[0]|0x20 && s[0]|0x20 <= 'z')
}
