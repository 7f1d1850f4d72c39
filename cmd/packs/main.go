// Command packs publishes Palette packs to OCI registries from one packs.yaml.
package main

import (
	"context"
	"io"
	"log"
	"os"
)

func main() {
	log.SetOutput(io.Discard) // net/http would print there what a server says unasked
	os.Exit(Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
