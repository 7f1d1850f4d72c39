// Package scaffold writes the first files of a catalog, and never over others.
package scaffold
