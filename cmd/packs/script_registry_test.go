package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/packs-cli/packs/internal/registrytest"
)

// serverKey is where a script keeps its registry server.
type serverKey struct{}

// cmdRegistry drives the real registry server:
//
//	registry start [basic|bearer] [tls] [expired] [readonly] [nodelete]
//	registry reset            # forget the requests so far
//	registry requests FILE    # write METHOD PATH STATUS lines
//	registry stop
//
// start sets REGISTRY to its HOST:PORT, and CA_FILE, REGISTRY_USER and
// REGISTRY_PASSWORD where they are needed.
func cmdRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: registry start|reset|requests|stop")
	}
	if args[0] == "start" {
		startRegistry(ts, args[1:])
		return
	}
	s, ok := ts.Value(serverKey{}).(**registrytest.Server)
	if !ok || *s == nil {
		ts.Fatalf("no registry was started")
	}
	switch args[0] {
	case "reset":
		(*s).Reset()
	case "requests":
		var b strings.Builder
		for _, r := range (*s).Requests() {
			fmt.Fprintf(&b, "%s %s %d\n", r.Method, r.Path, r.Status)
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
	case "unlisted":
		unlisted(ts, *s)
	case "damage":
		damage(ts, *s, args[1:])
	case "stop":
		ts.Check((*s).Close())
	default:
		ts.Fatalf("registry: unknown word %q", args[0])
	}
}

func startRegistry(ts *testscript.TestScript, words []string) {
	var o registrytest.Options
	for _, w := range words {
		switch w {
		case "basic":
			o.Auth = registrytest.AuthBasic
		case "bearer":
			o.Auth = registrytest.AuthBearer
		case "tls":
			o.TLS = true
		case "expired":
			o.Expired = true
		case "readonly":
			o.ReadOnly = true
		case "nodelete":
			o.NoDelete = true
		default:
			ts.Fatalf("registry start: unknown word %q", w)
		}
	}
	binary, err := registrytest.FindTool("registry")
	ts.Check(err)
	dir, err := os.MkdirTemp(ts.Getenv("WORK"), "registry-")
	ts.Check(err)
	s, err := registrytest.Run(binary, dir, o)
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() })
	if kept, ok := ts.Value(serverKey{}).(**registrytest.Server); ok {
		*kept = s
	}
	ts.Setenv("REGISTRY", s.Host)
	ts.Setenv("CA_FILE", s.CAFile)
	ts.Setenv("REGISTRY_USER", registrytest.Username)
	ts.Setenv("REGISTRY_PASSWORD", registrytest.Password)
}

// keepServer gives a script room for its server, and for the test that it is.
func keepServer(env *testscript.Env) {
	env.Values[serverKey{}] = new(*registrytest.Server)
	if tb, ok := env.T().(testing.TB); ok {
		env.Values[testKey{}] = tb
	}
}
