// Package manifest reads packs.yaml: one reviewed file that lists registries
// and the packs that go to them.
//
// Load decodes the file strictly, interpolates ${VAR}, resolves globs to pack
// folders and archives, reads each pack's identity and works out its targets.
// Every mistake is reported at once, each at its file:line:column. The package
// contacts no registry and runs no program.
package manifest
