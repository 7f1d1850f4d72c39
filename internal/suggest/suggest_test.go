package suggest_test

import (
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/suggest"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	candidates := []string{"app services", "image", "displayName", "charts", "os"}
	for word, want := range map[string]string{
		"app-services":           "app services",
		"App Services":           "app services",
		"iamge":                  "image",
		"displayname":            "displayName",
		"chart":                  "charts",
		"charts":                 "", // is one
		"storage":                "",
		"":                       "",
		"x":                      "",
		"o":                      "",
		strings.Repeat("a", 100): "",
	} {
		if got := suggest.Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
