// Package lint says what is wrong with packs, as findings that each name a rule
// and a place.
package lint
