// Package palette is a client of Palette's API for OCI registries and the packs
// that Palette found in them, and knows how Palette must be told of a registry
// of packs.yaml.
//
// What the API is documented to do is in its specification; what is only known
// from others who use it stands as a comment where it is relied on, and the
// other case is handled too. Replies are hostile input: bounded, with nulls
// where objects should be, and in words that are cleaned before they are shown.
package palette
