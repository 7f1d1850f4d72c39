// Package pack knows what a Palette pack is: its name and version, which files
// belong to it, the digest of its content, and its archive.
//
// A pack is a folder that holds pack.json, or an archive of one. Two packs are
// the same when their content digests are, whatever the folder is called, and
// whenever, by whom and with which compressor an archive was made. The rules
// are written down in docs/specs/content-digest.md and docs/specs/archive.md.
package pack
