// Package lint says what is wrong with packs, as findings that each name a rule
// and a place.
//
// It decides what is a defect of a pack, and how much it matters. It looks only
// at files: what it must know of git and of registries is handed to it (Since,
// ImageChecker). Whatever the files hold, a run ends, with memory that depends
// neither on their size nor on how many packs there are.
//
// A rule is one function with an ID, a severity, a summary and a page in
// docs/rules; Rules lists them all, Explain returns a page.
package lint
