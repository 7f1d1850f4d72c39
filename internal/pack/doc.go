// Package pack knows what a Palette pack is: its name and version, which files
// belong to it, the digest of its content, and its archive.
//
// A pack is a folder that holds pack.json, or an archive of one. Two packs are
// the same when their content digests are, whatever the folder is called,
// whoever made the archive, when and with what. The rules are written down in
// docs/specs/content-digest.md and docs/specs/archive.md; none of them can be
// changed for what has been published.
//
// The package contacts no registry and runs no program. It does not judge
// whether a pack is a good one: that is for the linter.
package pack
