package main

import (
	"bytes"
	"fmt"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
)

// publishing lists the rules about what publishing refuses. No setting makes
// less of them: plan and apply would stop at such a pack all the same.
var publishing = []string{
	"pack-json-missing", "pack-json-syntax", "name-invalid", "version-invalid",
	"pack-unreadable", "packsignore-syntax", "symlink-escape", "unpublishable-file",
}

// keepPublishing takes settings back that make less of what publishing refuses,
// and says so.
func (v *validation) keepPublishing() {
	for _, id := range publishing {
		lowered := v.lowered(v.config.Rules, id)
		for i := range v.config.Paths {
			lowered = v.lowered(v.config.Paths[i].Rules, id) || lowered
		}
		kept := v.config.Ignore[:0:0]
		for _, i := range v.config.Ignore {
			if i.Rule == id {
				lowered = true
				continue
			}
			kept = append(kept, i)
		}
		v.config.Ignore = kept
		if lowered {
			v.findings = append(v.findings, lint.Finding{
				Rule: "packs-yaml", Severity: lint.Warning, Path: v.config.File,
				Message: fmt.Sprintf("lint: makes less of rule %s, but such a pack cannot be published: it stays an error", id),
				Hint:    "take the setting away; exclude: leaves a pack out",
			})
		}
	}
}

func (v *validation) lowered(rules map[string]lint.Severity, id string) bool {
	s, ok := rules[id]
	delete(rules, id)
	return ok && s != lint.Error
}

// writeRules lists the rules.
func (a *app) writeRules(o *validateOptions) error {
	return a.write(o.outputs.outputs(), func(w *bytes.Buffer, out output) error {
		style := a.outStyle()
		if out.file != "" {
			style = render.Style{}
		}
		err := render.Rules(w, out.format, toolVersion(), style)
		if err != nil {
			return &usageError{message: err.Error()}
		}
		return nil
	})
}

// ruleIDs are the IDs of all rules.
func ruleIDs() []string {
	rules := lint.Rules()
	ids := make([]string, len(rules))
	for i := range rules {
		ids[i] = rules[i].ID
	}
	return ids
}
