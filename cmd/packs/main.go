// Command packs publishes Palette packs to OCI registries from one packs.yaml.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
