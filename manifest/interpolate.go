package manifest

import (
	"slices"
	"strings"
)

// expansion is a text with its variables put in.
type expansion struct {
	text    string
	used    []string // every variable that was named
	unset   []string // those that are not set and have no default
	refused []string // those that may hold a secret
	broken  string   // the first ${ that begins no variable, with what follows
}

// variables puts environment variables into texts.
type variables struct {
	env   func(string) (string, bool)
	allow []string        // names that may be used whatever they look like
	named map[string]bool // names that a credentials entry holds
}

func newVariables(o LoadOptions) *variables {
	env := o.Env
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	return &variables{env: env, allow: o.AllowEnv, named: map[string]bool{}}
}

// expand puts variables into a text: ${NAME}, and ${NAME:-default} where NAME
// is unset or empty. $${ is a literal ${, and a lone $ stays as it is.
func (vs *variables) expand(raw string) expansion {
	var x expansion
	var b strings.Builder
	for rest := raw; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			b.WriteString(rest)
			x.text = b.String()
			return x
		}
		if i > 0 && rest[i-1] == '$' {
			b.WriteString(rest[:i-1])
			b.WriteString("${")
			rest = rest[i+2:]
			continue
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		end := strings.IndexByte(rest, '}')
		name, fallback, hasDefault := "", "", false
		if end > 0 {
			name, fallback, hasDefault = strings.Cut(rest[2:end], ":-")
		}
		if !isVariable(name) {
			x.broken, x.text = rest, raw
			return x
		}
		b.WriteString(vs.value(&x, name, fallback, hasDefault))
		rest = rest[end+1:]
	}
}

func (vs *variables) value(x *expansion, name, fallback string, hasDefault bool) string {
	x.used = append(x.used, name)
	if vs.secret(name) {
		x.refused = append(x.refused, name)
		return ""
	}
	text, ok := vs.env(name)
	switch {
	case hasDefault && text == "":
		return fallback
	case !ok:
		x.unset = append(x.unset, name)
	}
	return text
}

func isVariable(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// secretWords make a variable's name look like that of a secret.
var secretWords = []string{
	"PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "CREDENTIAL", "APIKEY", "API_KEY", "PRIVATE_KEY", "PRIVATEKEY", "ACCESS_KEY", "ACCESSKEY",
}

// secret tells whether a variable may hold a secret, which a catalog from a
// stranger could else send to a host of its choice.
func (vs *variables) secret(name string) bool {
	if slices.Contains(vs.allow, name) {
		return false
	}
	if vs.named[name] {
		return true
	}
	upper := strings.ToUpper(name)
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(upper, word) })
}

// learn notes the variables that credentials name: the values of all keys
// that end in Env.
func (vs *variables) learn(v *value) {
	if v == nil {
		return
	}
	for _, m := range v.members {
		if strings.HasSuffix(m.key, "Env") && m.value.kind == scalar {
			vs.named[vs.expand(m.value.raw).text] = true
		}
		vs.learn(m.value)
	}
	for _, item := range v.items {
		vs.learn(item)
	}
}

// interpolate puts variables into a text, once, and reports what is wrong with them.
func (c *checker) interpolate(v *value) {
	if !strings.Contains(v.raw, "${") {
		return
	}
	x := c.variables.expand(v.raw)
	v.text, v.interpolated = x.text, len(x.used) > 0
	if x.broken != "" {
		v.wrong = true
		c.report.errorf(v.pos, "write ${NAME} or ${NAME:-default}; $${ stands for a literal ${", "%s begins no variable", quote(x.broken))
	}
	for _, name := range x.refused {
		v.wrong = true
		c.report.errorf(v.pos, "credentials name a variable by passwordEnv and the like; --allow-env "+name+" lets it in",
			"${%s} is not put in: %s", name, c.variables.why(name))
	}
	if len(x.unset) > 0 {
		v.unset, v.text = true, v.raw
	}
	for _, name := range x.unset {
		hint := "set it, or give a default: ${" + name + ":-…}"
		if c.lenient {
			c.report.remarkf(v.pos, ErrUnsetVariable, hint, "variable %s is not set", name)
			continue
		}
		c.report.fail(v.pos, ErrUnsetVariable, hint, "variable %s is not set", name)
	}
}

func (vs *variables) why(name string) string {
	if vs.named[name] {
		return "credentials name this variable, so it holds a secret"
	}
	return "its name looks like that of a secret"
}
