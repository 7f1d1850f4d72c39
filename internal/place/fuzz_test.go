package place

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/distribution/reference"
)

// FuzzParse: what is taken as a host and a path is a reference for registries'
// own code too, and means the same there.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"registry.example.com:5000/team/a", "localhost/x", "r.example/spectro-packs/archive", "./site", "site.tar", "[::1]:5000/x", "r.example/${HOME}", "r.example//a/../b",
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com/packs", "user@r.example", "https://r.example", "r.example:/x", "R.example/A", "a..b", "a-.b", "[::ffff:1.2.3.4]:5000", "r.${b}/x", "index.docker.io/x",
	} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text, dir)
		if err != nil {
			return
		}
		if (p.Host == "") == (p.Path == "") || p.Path != "" && !filepath.IsAbs(p.Path) {
			t.Fatalf("%q: %+v", text, p)
		}
		catalog, err := Single(p, Access{})
		if err != nil || p.Host == "" || strings.HasPrefix(p.Host, "[") && strings.Contains(p.Host, ".") {
			return // an address as in [::ffff:127.0.0.1] is one for URLs, not for references
		}
		r := &catalog.Registries[0]
		whole := r.Address() + "/" + r.Repository("nginx") + ":1.2.3"
		ref, err := reference.Parse(whole)
		if err != nil {
			t.Fatalf("%q: taken as %s: %v", text, whole, err)
		}
		tagged, ok := ref.(reference.NamedTagged)
		if !ok || reference.Domain(tagged) != r.Host || reference.Path(tagged) != r.Repository("nginx") || tagged.Tag() != "1.2.3" {
			t.Errorf("%q: taken as %s on %s, a reference to %v", text, r.Repository("nginx"), r.Host, ref)
		}
		if !strings.HasPrefix(text, r.Host) {
			t.Errorf("%q leads to %s", text, r.Host)
		}
	})
}
