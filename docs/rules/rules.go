// Package rules holds the page of each rule of `packs validate`: what
// `packs explain RULE` prints is the file in this folder.
package rules

import "embed"

//go:embed *.md
var pages embed.FS

// Page returns the page of a rule, in Markdown, and whether there is one.
func Page(id string) (string, bool) {
	text, err := pages.ReadFile(id + ".md")
	return string(text), err == nil
}
