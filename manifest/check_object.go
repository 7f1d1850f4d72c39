package manifest

import (
	"maps"
	"slices"
	"strings"
)

// object checks a mapping: unknown keys, missing keys, keys that exclude or
// need each other, and each value.
func (c *checker) object(v *value, s *structure, label string) {
	meant := make(map[string]bool) // keys that a mistyped one probably stands for
	for _, m := range v.members {
		child, known := s.property(m.key)
		switch {
		case !known:
			near := c.unknown(m, s, nil, "")
			meant[near] = near != ""
		case child != nil:
			c.member(m, child, s)
		}
	}
	for _, key := range s.Required {
		if v.get(key) == nil && !meant[key] {
			c.report.errorf(v.pos, lacksHint(s, key), "%s lacks %s", label, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.Dependencies)) {
		for _, needed := range s.Dependencies[key] {
			if v.get(key) != nil && v.get(needed) == nil && !meant[needed] {
				c.report.errorf(v.get(key).pos, "", "%s needs %s beside it", key, needed)
			}
		}
	}
	for _, rule := range s.AllOf {
		if keys := rule.Not.Required; !slices.ContainsFunc(keys, func(key string) bool { return v.get(key) == nil }) {
			c.report.errorf(v.get(keys[len(keys)-1]).pos, "keep one of them", "%s exclude each other", allOf(keys))
		}
	}
}

// member checks one known key and its value.
func (c *checker) member(m member, child, parent *structure) {
	if names := parent.PropertyNames; names != nil && !names.match().MatchString(m.key) {
		c.report.errorf(m.pos, names.PatternErrorMessage, "key %s is not of the right form", quote(m.key))
		return
	}
	before := len(c.report.problems)
	c.check(m.value, child, m.key)
	// A missing value has no place of its own: the key's is better.
	if m.value.kind == null && len(c.report.problems) == before+1 {
		c.report.problems[before].Line, c.report.problems[before].Column = m.pos.Line, m.pos.Column
	}
}

func lacksHint(s *structure, key string) string {
	child := s.Properties[key]
	if child == nil {
		return ""
	}
	if child.Const != "" {
		return "write " + key + ": " + child.Const
	}
	return strings.TrimSuffix(child.Description, ".")
}

// unknown reports a key that a schema does not have, and returns the key that
// it probably stands for. others are the alternatives to the schema, which are
// told apart by the value of their key by.
func (c *checker) unknown(m member, s *structure, others []*structure, by string) (near string) {
	for _, other := range others {
		if _, ok := other.Properties[m.key]; !ok || other == s {
			continue
		}
		if by == "" {
			c.report.errorf(m.pos, "allowed here: "+strings.Join(s.keys(), ", "), "key %s does not go with %s", m.key, oneOf(s.Required))
			return ""
		}
		c.report.errorf(m.pos, "allowed here: "+strings.Join(s.keys(), ", "), "%s belongs to %s %s; this one is of %s %s",
			m.key, by, oneOf(having(others, m.key, by)), by, s.Properties[by].Const)
		return ""
	}
	if c.report.full {
		return "" // looking for what was meant takes longer than anything else
	}
	near = nearest(m.key, s.keys())
	hint := didYouMean(m.key, s.keys())
	if looksSecret(m.key) {
		hint = "no secret belongs in this file: keys that end in Env or File say where it is"
	}
	c.report.errorf(m.pos, hints(hint, "allowed here: "+strings.Join(s.keys(), ", ")), "unknown key %s", quote(m.key))
	return near
}

func looksSecret(key string) bool {
	key = strings.ToLower(key)
	return slices.Contains([]string{"password", "token", "secret", "apikey", "api_key", "accesskey", "secretkey"}, key)
}

// having returns the values of by in the alternatives that have a key.
func having(alternatives []*structure, key, by string) []string {
	var all []string
	for _, a := range alternatives {
		if _, ok := a.Properties[key]; ok {
			all = append(all, a.Properties[by].Const)
		}
	}
	return all
}

// choose returns the alternative that a value was meant to be, or nil where it
// reported that there is none. Alternatives differ in what they are made of,
// in the constant value of a key (type), or in the key that they need.
func (c *checker) choose(v *value, s *structure, label string) *structure {
	fit := slices.DeleteFunc(slices.Clone(s.OneOf), func(o *structure) bool { return !o.takes(v.kind) })
	if len(fit) == 1 {
		return fit[0]
	}
	if by := discriminator(fit); by != "" {
		return c.chooseBy(v, fit, by, label)
	}
	return c.chooseByKey(v, fit, label)
}

// discriminator returns the key whose value all alternatives fix.
func discriminator(alternatives []*structure) string {
	for _, key := range alternatives[0].keys() {
		if !slices.ContainsFunc(alternatives, func(a *structure) bool { return a.Properties[key] == nil || a.Properties[key].Const == "" }) {
			return key
		}
	}
	return ""
}

func (c *checker) chooseBy(v *value, alternatives []*structure, by, label string) *structure {
	values := having(alternatives, by, by)
	chosen := v.get(by)
	if chosen != nil && chosen.kind == scalar {
		c.interpolate(chosen)
		for _, a := range alternatives {
			if a.Properties[by].Const == chosen.text {
				c.alternative(v, a, alternatives, by, label)
				return nil
			}
		}
	}
	switch {
	case chosen == nil:
		c.report.errorf(v.pos, by+" is one of "+strings.Join(values, ", "), "%s lacks %s", label, by)
	case chosen.kind != scalar:
		c.wrong(chosen, "", "%s must be %s, not %s", by, oneOf(values), chosen.noun())
	case !chosen.wrong:
		if chosen.unset { // a remark elsewhere, but nothing can be read without it
			c.report.fail(chosen.pos, ErrUnsetVariable, "", "%s is not known: its variable is not set", by)
			break
		}
		c.wrong(chosen, didYouMean(chosen.raw, values), "%s must be %s, not %s", by, oneOf(values), chosen.shown())
	}
	c.anyOf(v, alternatives)
	return nil
}

func (c *checker) chooseByKey(v *value, alternatives []*structure, label string) *structure {
	keys := make([]string, 0, len(alternatives))
	var there []string
	var chosen *structure
	for _, a := range alternatives {
		key := a.Required[0]
		keys = append(keys, key)
		if v.get(key) != nil {
			there = append(there, key)
			chosen = a
		}
	}
	switch len(there) {
	case 1:
		c.alternative(v, chosen, alternatives, "", label)
	case 0:
		if !slices.ContainsFunc(v.members, func(m member) bool { return nearest(m.key, keys) != "" }) {
			c.report.errorf(v.pos, "", "%s lacks %s", label, oneOf(keys))
		}
		c.anyOf(v, alternatives) // names the mistyped key
	default:
		c.report.errorf(v.pos, "make it two entries", "%s exclude each other", allOf(there))
		c.anyOf(v, alternatives)
	}
	return nil
}

// alternative checks a mapping against the alternative that was chosen for it.
// A key of another alternative is reported as such.
func (c *checker) alternative(v *value, s *structure, alternatives []*structure, by, label string) {
	own := *v
	own.members = nil
	meant := make(map[string]bool)
	for _, m := range v.members {
		if _, known := s.property(m.key); known {
			own.members = append(own.members, m)
			continue
		}
		near := c.unknown(m, s, alternatives, by)
		meant[near] = near != ""
	}
	required := *s
	required.Required = slices.DeleteFunc(slices.Clone(s.Required), func(key string) bool { return meant[key] })
	c.object(&own, &required, label)
}

// anyOf checks the keys of a mapping that fits no alternative: what none of
// them knows is reported, the others are held against the first that knows them.
func (c *checker) anyOf(v *value, alternatives []*structure) {
	v.wrong = true
	union := structure{Properties: map[string]*structure{}}
	for _, a := range alternatives {
		for key, p := range a.Properties {
			if _, ok := union.Properties[key]; !ok {
				union.Properties[key] = p
			}
		}
	}
	for _, m := range v.members {
		if p := union.Properties[m.key]; p == nil {
			if _, own := alternatives[0].property(m.key); !own {
				c.unknown(m, &union, nil, "")
			}
		} else if p.Const == "" && !m.value.wrong {
			c.check(m.value, p, m.key)
		}
	}
}
