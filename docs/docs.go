// Package docs holds the documents that packs itself shows.
package docs

import (
	_ "embed"
	"strings"
)

//go:embed errors.md
var errorsPage string

// Error returns the section of docs/errors.md on a code, such as PACKS2003, in
// Markdown, and whether there is one.
func Error(code string) (string, bool) {
	for section := range strings.SplitSeq(errorsPage, "\n## ") {
		if head, _, _ := strings.Cut(section, "\n"); strings.HasPrefix(head, code+" ") {
			return "# " + strings.TrimRight(section, "\n") + "\n", true
		}
	}
	return "", false
}
