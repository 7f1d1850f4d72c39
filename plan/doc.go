// Package plan decides what has to happen so that registries hold what a
// catalog says. Compute is a pure function of what is desired and what was
// observed: no I/O, no clock, the same input gives the same plan everywhere.
package plan
