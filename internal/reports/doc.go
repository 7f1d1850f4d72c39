// Package reports joins what several runs wrote — the shards of a catalog, each
// on a machine of its own — into what one run would have written. It reads plans,
// reports and event files strictly: they come from elsewhere, and may have been
// cut short, mixed up or changed. It knows no catalog and asks no registry.
package reports
