package palette

import (
	"fmt"
	"strings"
)

// Address is what Palette reads: endpoint, base path and base content path.
func (w *Wanted) Address() string {
	parts := []string{strings.TrimRight(w.Spec.Endpoint, "/")}
	for _, p := range []string{w.Spec.BasePath, w.Spec.BaseContentPath} {
		if p = strings.Trim(p, "/"); p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "/")
}

// Causes lists why Palette may not be able to read a registry, the likeliest
// first. Palette tells it in free text of whatever failed inside, so a word in
// it is all there is to go by.
func (w *Wanted) Causes(message string) string {
	ca := "the CA: Palette must trust the registry's certificate (tls: {caFile: …} of the registry; for one that is signed by itself, Palette's documents want insecureSkipVerify: true in palette: as well)"
	login := "the credentials that Palette reads with (credentials: in palette:; `packs palette register --update-credentials` sends them again)"
	path := fmt.Sprintf("the address: Palette reads %s/spectro-packs/archive/… and must reach that from where it runs (readAs: in palette: where its way differs)", w.Address())
	shape := "the shape of what is there: `packs palette verify` names versions that Palette passes over"
	text := strings.ToLower(message)
	for _, c := range []struct {
		words []string
		order []string
	}{
		{[]string{"x509", "certificate", "tls:", "unknown authority"}, []string{ca, path, login, shape}},
		{[]string{"401", "403", "unauthorized", "denied", "forbidden", "credential", "assumerole", "security token", "signature"}, []string{login, path, ca, shape}},
		{[]string{"manifest", "unmarshal", "archive", "gzip", "pack.json"}, []string{shape, path, login, ca}},
	} {
		for _, word := range c.words {
			if strings.Contains(text, word) {
				return inThisOrder(c.order)
			}
		}
	}
	return inThisOrder([]string{path, login, ca, shape})
}

func inThisOrder(causes []string) string {
	return "look at, in this order: " + strings.Join(causes, "; ")
}
