package executor

import "github.com/packs-cli/packs/manifest"

// What a run has open at once, roughly, so that it fits into what the system
// allows a process (ulimit -n): with a low limit it does less at once, and
// fails nowhere.
const (
	filesForAll  = 32 // standard streams, packs that are read, what is remembered, name servers
	filesPerHTTP = 2  // of a push: a connection, and an archive that is no more in memory
	filesPerDisk = 8  // of a push to a layout: the folders on the way, the lock, the file, the archive
)

// fit returns a registry that is asked for no more at once than there are files
// for, when so many registries share them.
func fit(r *manifest.Registry, files, registries int) *manifest.Registry {
	each := filesPerHTTP
	if r.Type == manifest.TypeLayout {
		each = filesPerDisk
	}
	most := max(1, (files-filesForAll)/max(registries, 1)/each)
	if concurrency(r) <= most {
		return r
	}
	fitting := *r
	fitting.Limits.Concurrency = most
	return &fitting
}
