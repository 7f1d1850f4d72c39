// Package suggest finds what a mistyped word was meant to be.
package suggest

import "strings"

// longest is the length of a mistyped word, in bytes, beyond which nothing is suggested.
const longest = 64

// Nearest returns the candidate that word was most likely meant to be, or ""
// where none is close: at most a third of the word may differ. Case does not
// count; a word that is a candidate itself has no other.
func Nearest(word string, candidates []string) string {
	if word == "" || len(word) > longest {
		return ""
	}
	lower := strings.ToLower(word)
	best, least := "", len(word)/3+1
	for _, c := range candidates {
		if c == word {
			return ""
		}
		if len(c) > 2*longest {
			continue
		}
		if d := distance(lower, strings.ToLower(c)); d < least && d < len(c) {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
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
