// Package render turns plans, reports, findings and errors into what a person
// or another program reads, and shows the progress of a run.
//
// It decides nothing: it is given values and a Style, and writes. Whatever came
// from outside (names, paths, answers of registries) is cleaned of control
// characters before it reaches a terminal.
package render
