// Package plugin finds the programs that extend packs: an executable
// packs-NAME on PATH is the command `packs NAME`. The rules are those of
// kubectl: words of a command are joined by dashes, a dash within a word is an
// underscore in the file's name, the longest match wins, of two files of one
// name that in the earlier folder of PATH, and no plugin takes the place of a
// command of packs itself.
package plugin

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// prefix begins the file name of every plugin.
const prefix = "packs-"

// Plugin is a file on PATH that is named like a plugin.
type Plugin struct {
	Path    string   `json:"path"`
	Command []string `json:"command"` // its words, as they are typed after packs
	// Warnings say why typing Command does not run the file.
	Warnings []string `json:"warnings,omitempty"`
}

// Find returns the plugin that a command line calls and the arguments that are
// left for it. Words up to the first flag count; the most that match win.
// path is the value of PATH.
func Find(path string, args []string) (program string, rest []string, ok bool) {
	words := 0
	for words < len(args) && !strings.HasPrefix(args[words], "-") && args[words] != "" {
		words++
	}
	for ; words > 0; words-- {
		name := fileName(args[:words])
		if strings.ContainsAny(name, `/\`) {
			continue // never a file elsewhere
		}
		for _, dir := range folders(path) {
			if file, found := executable(filepath.Join(dir, name)); found {
				return file, args[words:], true
			}
		}
	}
	return "", nil, false
}

// fileName is how a plugin for some words is called.
func fileName(words []string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = strings.ReplaceAll(w, "-", "_")
	}
	return prefix + strings.Join(parts, "-")
}

// folders are those of PATH. One that is empty or relative is left out: what
// runs must not depend on where somebody stands.
func folders(path string) []string {
	all := filepath.SplitList(path)
	return slices.DeleteFunc(all, func(dir string) bool { return !filepath.IsAbs(dir) })
}

// executable returns the file that would run.
func executable(file string) (string, bool) {
	for _, ext := range extensions() {
		info, err := os.Stat(file + ext)
		if err == nil && runs(info) {
			return file + ext, true
		}
	}
	return "", false
}

func runs(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// extensions are those of programs.
func extensions() []string {
	if runtime.GOOS == "windows" {
		return []string{".exe", ".cmd", ".bat", ".com"}
	}
	return []string{""}
}

// List returns every plugin on a PATH, in its order. builtin tells which words
// begin a command of packs itself.
func List(path string, builtin func(word string) bool) []Plugin {
	var all []Plugin
	first := make(map[string]string) // file by command
	for _, dir := range folders(path) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // PATH may name folders that are not there
		}
		for _, e := range entries {
			words, ok := commandOf(e.Name())
			if !ok {
				continue
			}
			p := Plugin{Path: filepath.Join(dir, e.Name()), Command: words}
			info, err := os.Stat(p.Path)
			if err != nil || info.IsDir() {
				continue
			}
			p.warn(info, builtin, first)
			all = append(all, p)
		}
	}
	return all
}

func (p *Plugin) warn(info fs.FileInfo, builtin func(string) bool, first map[string]string) {
	key := strings.Join(p.Command, " ")
	switch before, taken := first[key]; {
	case !runs(info):
		p.Warnings = append(p.Warnings, "is not executable")
		return
	case taken:
		p.Warnings = append(p.Warnings, "is never run: "+before+" is found first")
	default:
		first[key] = p.Path
	}
	if builtin(p.Command[0]) {
		p.Warnings = append(p.Warnings, "is never run: packs has a command "+p.Command[0]+" of its own")
	}
}

// commandOf returns the words that call a file.
func commandOf(name string) ([]string, bool) {
	if runtime.GOOS == "windows" {
		ext := strings.ToLower(filepath.Ext(name))
		if !slices.Contains(extensions(), ext) {
			return nil, false
		}
		name = name[:len(name)-len(ext)]
	}
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return nil, false
	}
	words := strings.Split(rest, "-")
	for i, w := range words {
		if w == "" {
			return nil, false
		}
		words[i] = strings.ReplaceAll(w, "_", "-")
	}
	return words, true
}
