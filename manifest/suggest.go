package manifest

import (
	"slices"
	"strings"
)

// didYouMean returns a hint that names the nearest candidate, or "".
func didYouMean(word string, candidates []string) string {
	if near := nearest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// nearest returns the candidate that word was most likely meant to be, or "".
func nearest(word string, candidates []string) string {
	const longest = 64 // of what somebody mistyped
	if word == "" || len(word) > longest {
		return ""
	}
	lower := strings.ToLower(word)
	best, least := "", len(word)/3+1
	for _, c := range candidates {
		if len(c) > 2*longest || c == word {
			continue
		}
		if d := distance(lower, strings.ToLower(c)); d < least || d == least && best == "" && d < len(c) {
			best, least = c, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	// password for passwordEnv, prefix for repositoryPrefix
	i := slices.IndexFunc(candidates, func(c string) bool {
		c = strings.ToLower(c)
		return c != lower && (strings.HasPrefix(c, lower) || strings.HasSuffix(c, lower))
	})
	if i < 0 {
		return ""
	}
	return candidates[i]
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(last[j]+1, current[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, last, current = last, current, before
	}
	return last[len(b)]
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
