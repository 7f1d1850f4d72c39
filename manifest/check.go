package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker holds values against the schema of packs.yaml, puts variables into
// texts and reports each mistake once, in one sentence.
type checker struct {
	report    *report
	variables *variables
	lenientAt map[*value]bool // below these, an unset variable is only a remark
	lenient   bool            // whether the value at hand lies below one of them
}

// check holds a value against a schema. The label names the value in messages.
func (c *checker) check(v *value, s *structure, label string) {
	if c.lenientAt[v] {
		before := c.lenient
		c.lenient = true
		defer func() { c.lenient = before }()
	}
	switch {
	case v.wrong:
		return
	case v.kind == null:
		c.wrong(v, "it takes "+s.noun()+"; take the key away if there is nothing to say", "%s has no value", label)
		return
	case !s.takes(v.kind):
		c.wrong(v, "", "%s must be %s, not %s", label, s.noun(), v.noun())
		return
	}
	if len(s.OneOf) > 0 {
		if s = c.choose(v, s, label); s == nil {
			return
		}
	}
	switch s.Type {
	case "object":
		c.object(v, s, label)
	case "array":
		c.list(v, s, label)
	case "boolean":
		c.boolean(v, label)
	case "integer", "number":
		c.number(v, s, label)
	default:
		c.text(v, s, label)
	}
}

// wrong reports a mistake in a value, which then counts as missing.
func (c *checker) wrong(v *value, hint, format string, args ...any) {
	v.wrong = true
	c.report.errorf(v.pos, hint, format, args...)
}

// noun says in words what a value is.
func (v *value) noun() string {
	switch v.kind {
	case mapping:
		return "a mapping"
	case list:
		return "a list"
	case null:
		return "nothing"
	case scalar:
	}
	switch v.tag {
	case boolTag:
		return v.raw
	case intTag, floatTag:
		return "the number " + v.raw
	}
	return "the text " + v.shown()
}

func (c *checker) list(v *value, s *structure, label string) {
	if len(v.items) < s.MinItems {
		c.wrong(v, "", "%s is empty", label)
	}
	if s.MaxItems > 0 && len(v.items) > s.MaxItems {
		c.wrong(v, "", "%s has %d entries: at most %d", label, len(v.items), s.MaxItems)
	}
	for i, item := range v.items {
		c.check(item, s.Items, fmt.Sprintf("entry %d of %s", i+1, label))
	}
}

func (c *checker) boolean(v *value, label string) {
	if v.tag == boolTag && !v.quoted {
		return
	}
	hint := ""
	switch strings.ToLower(v.raw) {
	case "yes", "on", "y", "1":
		hint = "did you mean true?"
	case "no", "off", "n", "0":
		hint = "did you mean false?"
	case "true", "false":
		hint = "write it without quotes"
	}
	if strings.Contains(v.raw, "${") {
		hint = "variables stand only in texts"
	}
	c.wrong(v, hint, "%s must be true or false, not %s", label, v.noun())
}

func (c *checker) number(v *value, s *structure, label string) {
	n, err := strconv.ParseFloat(v.raw, 64)
	whole := s.Type == "integer"
	if whole {
		var i int
		i, err = strconv.Atoi(v.raw)
		n = float64(i)
	}
	switch {
	case err != nil || v.quoted || v.tag != intTag && (whole || v.tag != floatTag):
		hint := ""
		switch {
		case strings.Contains(v.raw, "${"):
			hint = "variables stand only in texts"
		case err == nil && v.quoted:
			hint = "write it without quotes"
		case !v.quoted && (v.tag == intTag || v.tag == floatTag):
			hint = "write it in decimal digits"
		}
		c.wrong(v, hint, "%s must be %s, not %s", label, s.noun(), v.noun())
	case s.Minimum != nil && n < *s.Minimum:
		c.wrong(v, "", "%s must be at least %v, not %s", label, *s.Minimum, v.raw)
	case s.ExclusiveMinimum != nil && n <= *s.ExclusiveMinimum:
		c.wrong(v, "", "%s must be more than %v, not %s", label, *s.ExclusiveMinimum, v.raw)
	case s.Maximum != nil && n > *s.Maximum:
		c.wrong(v, "", "%s must be at most %v, not %s", label, *s.Maximum, v.raw)
	}
}

// quoteIt lists the keys whose unquoted numbers lose what matters: to YAML,
// 1.10 is 1.1 and 012345678901 is another number.
var quoteIt = []string{"version", "versions", "account"}

func (c *checker) text(v *value, s *structure, label string) {
	if slices.Contains(quoteIt, label) && !v.quoted && (v.tag == intTag || v.tag == floatTag) {
		c.wrong(v, fmt.Sprintf("quote it: %s: %s", label, strconv.Quote(v.raw)), "%s %s is a number to YAML", label, v.raw)
		return
	}
	c.interpolate(v)
	if v.wrong || v.unset {
		return
	}
	switch {
	case s.Const != "" && v.text != s.Const:
		c.wrong(v, "write "+label+": "+s.Const, "%s must be %s, not %s", label, s.Const, v.shown())
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, v.text):
		c.wrong(v, didYouMean(v.raw, s.Enum), "%s must be %s, not %s", label, oneOf(s.Enum), v.shown())
	case s.MinLength > 0 && v.text == "":
		c.wrong(v, "", "%s is empty", label)
	case s.MaxLength > 0 && utf8.RuneCountInString(v.text) > s.MaxLength:
		c.wrong(v, "", "%s is longer than %d characters", label, s.MaxLength)
	case s.Pattern != "" && !s.match().MatchString(v.text):
		c.pattern(v, s, label)
	}
}

// pattern reports a text of a wrong form. What may be a secret is not shown.
func (c *checker) pattern(v *value, s *structure, label string) {
	hint := s.PatternErrorMessage
	switch {
	case label == "host":
		c.wrong(v, hostHint(v.raw), "host must be HOST or HOST:PORT, %s", hostFault(v.raw))
	case strings.HasSuffix(label, "Env"), strings.Contains(v.raw, "@"), strings.Contains(v.raw, "\n"):
		c.wrong(v, hint, "%s is not of the right form", label)
	default:
		c.wrong(v, hint, "%s is not of the right form: %s", label, v.shown())
	}
}
