package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/packs-cli/packs/internal/palettetest"
)

// paletteKey is where a script keeps its Palette.
type paletteKey struct{}

func keepPalette(env *testscript.Env) { env.Values[paletteKey{}] = new(*palettetest.Server) }

// cmdPalette drives a Palette:
//
//	palette start [tls] [looks=N] [pages=N]
//	palette fail METHOD END STATUS [TIMES]  # requests whose path ends so
//	palette heal | hang | release
//	palette system NAME                     # a registry of the installation
//	palette profile NAME PACK VERSION OF    # OF is the name of a registry
//	palette requests FILE                   # write METHOD PATH STATUS lines
//
// start sets PALETTE to its URL, PALETTE_API_KEY and PALETTE_VIEWER_KEY, and
// PALETTE_CA with tls.
func cmdPalette(ts *testscript.TestScript, neg bool, args []string) {
	kept, ok := ts.Value(paletteKey{}).(**palettetest.Server)
	if neg || len(args) == 0 || !ok {
		ts.Fatalf("usage: palette start|fail|heal|hang|release|system|profile|requests")
	}
	if args[0] == "start" {
		startPalette(ts, kept, args[1:])
		return
	}
	s := *kept
	if s == nil {
		ts.Fatalf("no palette was started")
	}
	switch args[0] {
	case "fail":
		status, err := strconv.Atoi(args[3])
		ts.Check(err)
		times := 0
		if len(args) > 4 {
			times, err = strconv.Atoi(args[4])
			ts.Check(err)
		}
		s.Fail(palettetest.Fault{
			Method: args[1], End: args[2], Status: status, Times: times,
			Header: map[string]string{"Content-Type": "text/html"}, Body: "<html>a proxy</html>",
		})
	case "heal":
		s.Heal()
	case "hang":
		s.Hang()
	case "release":
		s.Release()
	case "system":
		s.AddRegistry(args[1], "oci", "basic", "system")
	case "profile":
		s.AddProfile(args[1], "", palettetest.Layer{Name: args[2], Version: args[3], RegistryUID: s.UID(args[4])})
	case "requests":
		var b strings.Builder
		for _, r := range s.Requests() {
			fmt.Fprintf(&b, "%s %s %d\n", r.Method, r.Path, r.Status)
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
	default:
		ts.Fatalf("palette: unknown word %q", args[0])
	}
}

func startPalette(ts *testscript.TestScript, kept **palettetest.Server, words []string) {
	dir, err := os.MkdirTemp(ts.Getenv("WORK"), "palette-")
	ts.Check(err)
	o := palettetest.Options{Dir: dir}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "tls":
			o.TLS = true
		case "looks":
			o.SyncLooks = n
		case "pages":
			o.PageSize = n
		default:
			ts.Fatalf("palette start: unknown word %q", w)
		}
	}
	s, err := palettetest.New(o)
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() })
	*kept = s
	ts.Setenv("PALETTE", s.URL)
	ts.Setenv("PALETTE_API_KEY", palettetest.TenantAdmin)
	ts.Setenv("PALETTE_VIEWER_KEY", palettetest.Viewer)
	ts.Setenv("PALETTE_CA", s.CAFile)
}
