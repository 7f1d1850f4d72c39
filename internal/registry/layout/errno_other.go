//go:build !unix && !windows

package layout

var diskFull, readOnly []error
