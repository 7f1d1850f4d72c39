package main

import (
	"io"
	"net"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdSilent starts a server that takes connections and never answers, and sets
// REGISTRY to its HOST:PORT.
func cmdSilent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: silent-server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	go func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn) }() // ends with the client
		}
	}()
	ts.Setenv("REGISTRY", listener.Addr().String())
}
