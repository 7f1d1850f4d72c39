// Package changed compares a git work tree with the commit that it branched off
// from: which packs of a catalog have changed, and which of them kept a version
// that was there with other files.
//
// It decides what counts as a change of a pack. It asks the git program, and
// works without network: what a shallow clone lacks is an error that says what
// to fetch.
package changed
