// Package plainyaml reads the YAML that people write most: mappings and lists in
// block style, with plain, quoted and literal scalars. It is some twenty times
// faster than the parser of the YAML library, and yields the same nodes.
//
// It knows no anchors, tags, escapes, tabs, folded texts or nested flow
// collections, and it reports no mistakes: whatever it is not sure of, it leaves
// to that parser. A fuzz target holds the two together.
package plainyaml
