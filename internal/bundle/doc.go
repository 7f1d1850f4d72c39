// Package bundle reads and writes bundles: a layout of packs in one uncompressed
// tar file, or in parts of one, that carries the checksums of all its files. The
// format is specified in docs/specs/bundle.md. It knows no registry.
package bundle
