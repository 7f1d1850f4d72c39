package manifest

import (
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/suggest"
)

// didYouMean returns a hint that names the nearest candidate, or "".
func didYouMean(word string, candidates []string) string {
	if near := nearest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// nearest returns the candidate that word was most likely meant to be, or "":
// a near one, or one that word is the beginning or the end of.
func nearest(word string, candidates []string) string {
	others := slices.DeleteFunc(slices.Clone(candidates), func(c string) bool { return c == word })
	if near := suggest.Nearest(word, others); near != "" || len(word) < 3 {
		return near
	}
	// password for passwordEnv, prefix for repositoryPrefix
	lower := strings.ToLower(word)
	i := slices.IndexFunc(others, func(c string) bool {
		c = strings.ToLower(c)
		return c != lower && (strings.HasPrefix(c, lower) || strings.HasSuffix(c, lower))
	})
	if i < 0 {
		return ""
	}
	return others[i]
}

// oneOf lists words for a message: "a", "a or b", "a, b or c".
func oneOf(words []string) string { return enumerate(words, " or ") }

// allOf lists words for a message: "a", "a and b", "a, b and c".
func allOf(words []string) string { return enumerate(words, " and ") }

func enumerate(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + last + words[len(words)-1]
}

// hints joins hints that are not empty.
func hints(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(h string) bool { return h == "" }), "; ")
}
