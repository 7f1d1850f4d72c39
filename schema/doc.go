// Package schema holds the JSON Schemas of every format that packs reads or
// writes: packs.yaml, pack.json, plans and reports. They are draft-07, which
// editors read, and each key has a description, so that completion and
// reference pages come from them.
package schema
