// Package manifest reads packs.yaml: one reviewed file that lists registries
// and the packs that go to them.
//
// Load decodes the file strictly, interpolates ${VAR}, resolves globs to pack
// folders and archives, reads each pack's identity and works out its targets.
// Every mistake is reported at once, each at its file:line:column. The package
// contacts no registry and runs no program.
//
// The structure of the file is that of the embedded JSON Schema, and of
// nothing else: what an editor refuses, Load refuses, in its own words.
//
// A path without ** names folders that each hold a pack.json, and archives
// (.tar.gz, .tgz). With ** it takes each folder that holds one, at any depth,
// never inside a pack, never in .git, and never through a link to a folder;
// archives only where its last part is not **. exclude: takes a folder away
// with all below it.
package manifest
