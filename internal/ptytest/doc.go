// Package ptytest gives tests a terminal: what a program writes to it can be
// read back, and what is typed into it the program reads.
package ptytest
