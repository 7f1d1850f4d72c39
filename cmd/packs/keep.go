package main

import (
	"os"

	"github.com/spf13/cobra"
)

// keepInputs refuses to write a result over what the command reads: packs.yaml,
// or a file that is an argument. Such a slip would lose work.
func keepInputs(cmd *cobra.Command, args []string) error {
	inputs := args
	if f := cmd.Flags().Lookup("file"); f != nil {
		inputs = append([]string{f.Value.String()}, args...)
	}
	for _, file := range writtenFiles(cmd) {
		for _, input := range inputs {
			if isSame(input, file) {
				return misuse(cmd, "", "the result would be written over %s, which is read: name another file", input)
			}
		}
	}
	return nil
}

// writtenFiles lists the files that flags have a command write.
func writtenFiles(cmd *cobra.Command) []string {
	var files []string
	for _, name := range []string{"save", "events", "summary"} {
		if f := cmd.Flags().Lookup(name); f != nil {
			files = append(files, f.Value.String())
		}
	}
	if f := cmd.Flags().Lookup("output"); f != nil {
		if outputs, ok := f.Value.(*outputsFlag); ok {
			for _, o := range outputs.given {
				files = append(files, o.file)
			}
		}
	}
	return files
}

// isSame tells whether two names are one regular file.
func isSame(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil || !one.Mode().IsRegular() {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
