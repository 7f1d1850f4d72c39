// Package layout is the registry of type layout: a folder that holds one
// standard OCI image layout for each repository, which oras, skopeo and others
// read and write too. https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
//
// Whatever is written appears whole or not at all: a temporary file in the
// layout, fsync, rename, fsync of the folder. Writers of one repository take
// turns, in this process and among processes, by a lock on a file in its
// layout; so a temporary file that a writer finds is left from a killed one.
// Readers take no lock and create nothing. No file outside the folder is touched.
package layout
