package ecrtest

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// document is an IAM policy as far as it is evaluated here: actions and
// resources with wildcards, no conditions.
type document struct {
	Version   string
	Statement oneOrMore[statement]
}

type statement struct {
	Sid      string
	Effect   string
	Action   oneOrMore[string]
	Resource oneOrMore[string]
}

// oneOrMore reads what may stand alone or in an array.
type oneOrMore[T any] []T

func (o *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	var many []T
	if err := json.Unmarshal(b, &many); err == nil {
		*o = many
		return nil
	}
	var one T
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

func parsePolicy(text string) (*document, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no policy: everything is allowed
	}
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return &d, nil
}

// allows evaluates a policy: an explicit Deny wins, nothing said is no.
func (d *document) allows(action, resource string) bool {
	if d == nil {
		return true
	}
	allowed := false
	for _, s := range d.Statement {
		if !matches(s.Action, action, true) || !matches(s.Resource, resource, false) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = allowed || s.Effect == "Allow"
	}
	return allowed
}

func matches(patterns []string, value string, fold bool) bool {
	for _, p := range patterns {
		if fold {
			p, value = strings.ToLower(p), strings.ToLower(value)
		}
		if wildcard(p, value) {
			return true
		}
	}
	return false
}

// wildcard matches * and ?, which cross slashes in IAM.
func wildcard(pattern, value string) bool {
	clean := strings.NewReplacer("/", "\x00", "[", `\[`, `\`, `\\`)
	ok, err := path.Match(clean.Replace(pattern), strings.ReplaceAll(value, "/", "\x00"))
	return err == nil && ok
}
