// Package plainyaml reads the YAML that people write most: mappings and lists in
// block style, with plain, quoted and literal scalars. It takes a seventh of the
// time of the YAML library, and yields the same nodes: see BenchmarkParse.
//
// It knows no anchors, tags, escapes, tabs, folded texts or nested flow
// collections, and it reports no mistakes: whatever it is not sure of, it leaves
// to that parser. A fuzz target holds the two together.
package plainyaml
