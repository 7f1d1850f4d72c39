package render

import (
	"io"

	"github.com/packs-cli/packs/executor"
)

// Bundle writes what went into a bundle, and the checksums of its files.
func Bundle(w io.Writer, s Style, r *executor.BundleReport, file string) error {
	t := newPage(w, s)
	for _, f := range r.Files {
		t.line(f.SHA256, "  ", Clean(f.Name), "  ", t.paint(dim, Size(f.Size)))
	}
	line := "Bundled: " + Count(r.Summary.Versions, "version") + " of " + Count(r.Summary.Packs, "pack") + " (" + Size(r.Summary.Bytes) + ")"
	if n := r.Summary.Referrers; n > 0 {
		line += " with " + Count(n, "manifest") + " of signatures, SBOMs and the like"
	}
	if len(r.Files) == 0 {
		line = "Nothing to bundle: no " + Clean(file) + " was written"
	}
	if n := r.Summary.Present; n > 0 {
		line += "; " + Count(n, "version") + " left out, being there already"
	}
	if n := r.Summary.LeftOut; n > 0 {
		line += "; " + Count(n, "version") + " left out, being no packs"
	}
	t.paragraph(0, bold, line+".")
	return t.flush()
}
