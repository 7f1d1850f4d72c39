package ecr

import (
	"strings"
	"testing"
)

func TestSameDocument(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		a, b string
		want bool
	}{
		{"layout", `{"rules":[{"a":1}]}`, "{\n \"rules\" : [ { \"a\" : 1 } ]\n}", true},
		{"order of keys", `{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{"one value or an array", `{"Action":"ecr:PutImage"}`, `{"Action":["ecr:PutImage"]}`, true},
		{"order of values", `{"Action":["x","y"]}`, `{"Action":["y","x"]}`, true},
		{"account or its root", `{"AWS":"123456789012"}`, `{"AWS":"arn:aws:iam::123456789012:root"}`, true},
		{"root in China", `{"AWS":"123456789012"}`, `{"AWS":"arn:aws-cn:iam::123456789012:root"}`, true},
		{"another account", `{"AWS":"123456789012"}`, `{"AWS":"arn:aws:iam::123456789013:root"}`, false},
		{"another value", `{"a":1}`, `{"a":2}`, false},
		{"more", `{"a":["x"]}`, `{"a":["x","y"]}`, false},
		{"order of statements", `{"S":[{"a":1},{"b":1}]}`, `{"S":[{"b":1},{"a":1}]}`, false},
		{"large numbers", `{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{"not JSON", `{`, `{`, false},
		{"too deep", strings.Repeat("[[", maxDepth), strings.Repeat("[[", maxDepth), false},
	}
	for _, c := range cases {
		if got := sameDocument(c.a, c.b); got != c.want {
			t.Errorf("%s: %s and %s: %v, want %v", c.name, c.a, c.b, got, c.want)
		}
	}
}

func FuzzSameDocument(f *testing.F) {
	f.Add(`{"Statement":[{"Action":["a","b"],"Principal":{"AWS":"123456789012"}}]}`)
	f.Add(`[[1,"x"],null,true]`)
	f.Add(`{`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := readDocument(text); ok && !sameDocument(text, text) {
			t.Errorf("%q is not the same as itself", text)
		}
	})
}

func TestMatchFilter(t *testing.T) {
	t.Parallel()
	cases := []struct {
		filter, tag string
		want        bool
	}{
		{"latest", "latest", true},
		{"latest", "latest2", false},
		{"dev-*", "dev-1", true},
		{"dev-*", "dev-", true},
		{"dev-*", "xdev-1", false},
		{"*-rc", "1.0-rc", true},
		{"*-rc", "1.0-rc1", false},
		{"1.*.0", "1.2.0", true},
		{"1.*.0", "1.0", false},
		{"*a*a*", "aa", true},
		{"*a*a*", "a", false},
		{"*", "", true},
	}
	for _, c := range cases {
		if got := matchFilter(c.filter, c.tag); got != c.want {
			t.Errorf("%s matches %s: %v, want %v", c.filter, c.tag, got, c.want)
		}
	}
}

func TestPermission(t *testing.T) {
	t.Parallel()
	cases := []struct {
		message, action, resource, hint string
	}{
		{
			"User: arn:aws:iam::111111111111:user/ci is not authorized to perform: ecr:CreateRepository on resource: arn:aws:ecr:us-east-1:111111111111:repository/x because no identity-based policy allows the ecr:CreateRepository action",
			"ecr:CreateRepository", "arn:aws:ecr:us-east-1:111111111111:repository/x",
			`{"Effect":"Allow","Action":"ecr:CreateRepository","Resource":"arn:aws:ecr:us-east-1:111111111111:repository/x"}`,
		},
		{
			"DENIED: User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:us-east-1:2:repository/y because no resource-based policy allows the ecr:InitiateLayerUpload action",
			"ecr:InitiateLayerUpload", "arn:aws:ecr:us-east-1:2:repository/y", "let its repository policy allow ecr:InitiateLayerUpload",
		},
		{
			"User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:us-east-1:1:repository/y with an explicit deny in a service control policy",
			"ecr:PutImage", "arn:aws:ecr:us-east-1:1:repository/y", "forbids ecr:PutImage expressly",
		},
		{"User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:GetAuthorizationToken", "ecr:GetAuthorizationToken", "*", `"Resource":"*"`},
	}
	for _, c := range cases {
		p := permission(c.message)
		if p == nil {
			t.Errorf("%s: not recognised", c.message)
			continue
		}
		if p.Action != c.action || p.Resource != c.resource || !strings.Contains(p.Hint(), c.hint) {
			t.Errorf("%s:\n%+v\nhint %s\nwant %s on %s, %s", c.message, p, p.Hint(), c.action, c.resource, c.hint)
		}
	}
	if p := permission("Your authorization token has expired. Reauthenticate and try again."); p != nil {
		t.Errorf("an expired token is read as %+v", p)
	}
}

func FuzzPermission(f *testing.F) {
	f.Add("User: a is not authorized to perform: ecr:PutImage on resource: b because c")
	f.Add("User:  is not authorized to perform: :")
	f.Fuzz(func(t *testing.T, message string) {
		if p := permission(message); p != nil && (p.Action == "" || p.Resource == "" || p.Statement() == "") {
			t.Errorf("%q: %+v lacks something", message, p)
		}
	})
}
