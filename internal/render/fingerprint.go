package render

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/packs-cli/packs/internal/lint"
)

// fingerprints tell services that a finding is the one of an earlier run. Lines
// stay out of them, so that a finding keeps its own when text above it changes;
// equal findings of one file are counted.
type fingerprints struct{ seen map[[sha256.Size]byte]int }

func newFingerprints() *fingerprints {
	return &fingerprints{seen: make(map[[sha256.Size]byte]int)}
}

// of returns the fingerprint of a finding in a file, in hexadecimal.
func (p *fingerprints) of(f *lint.Finding, file string) string {
	// What parts the fields cannot occur in them: lengths need not be written.
	key := sha256.Sum256([]byte(f.Rule + "\x00" + file + "\x00" + f.Message))
	n := p.seen[key]
	p.seen[key]++
	if n > 0 {
		key = sha256.Sum256(append(key[:], strconv.Itoa(n)...))
	}
	return hex.EncodeToString(key[:])
}
