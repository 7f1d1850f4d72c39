package place

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

func TestParse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := []struct{ text, host, prefix, path string }{
		{"registry.example.com", "registry.example.com", "", ""},
		{"registry.example.com:5000/team/a/", "registry.example.com:5000", "team/a", ""},
		{"localhost/x", "localhost", "x", ""},
		{"r.example/team/spectro-packs/archive", "r.example", "team", ""},
		{"r.example/spectro-packs/archive", "r.example", "", ""},
		{"./site", "", "", filepath.Join(dir, "site")},
		{"../site", "", "", filepath.Join(filepath.Dir(dir), "site")},
		{".", "", "", dir},
		{"site.tar", "", "", filepath.Join(dir, "site.tar")},
		{filepath.Join(dir, "x"), "", "", filepath.Join(dir, "x")},
	}
	for _, tt := range tests {
		p, err := Parse(tt.text, dir)
		if err != nil || p.Host != tt.host || p.Prefix != tt.prefix || p.Path != tt.path || p.Bundle() != strings.HasSuffix(tt.text, ".tar") {
			t.Errorf("%s: %+v, %v", tt.text, p, err)
		}
	}
	for _, text := range []string{"", "site", "https://r.example/x", "user@r.example", "team/x"} {
		if p, err := Parse(text, dir); !errors.Is(err, ErrPlace) {
			t.Errorf("%q: %+v, %v, want ErrPlace", text, p, err)
		}
	}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parse := func(text string) Place {
		p, err := Parse(text, dir)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	c, err := Catalog(parse("111111111111.dkr.ecr.us-east-1.amazonaws.com/dev"), parse("./${site}"), Options{
		Wanted: []Wanted{{"nginx", ""}, {"csi-*", ">=1"}}, Rewrite: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	src, dst := c.Registries[0], c.Registries[1]
	if src.Type != manifest.TypeECR || src.ECR.Account != "111111111111" || src.ECR.Region != "us-east-1" || src.RepositoryPrefix != "dev" || !src.ReadOnly {
		t.Errorf("source %+v", src)
	}
	if dst.Type != manifest.TypeLayout || dst.Path != filepath.Join(dir, "${site}") || dst.Name != "./${site}" {
		t.Errorf("target %+v", dst)
	}
	if len(c.From) != 2 || c.From[1].Only.Versions != ">=1" || !c.From[0].Rewrite || c.From[0].Registries[0].Registry != dst.Name || c.From[0].Registry != src.Name {
		t.Errorf("entries %+v", c.From)
	}
	same := parse("./x")
	if _, err := Catalog(same, same, Options{}); err == nil || strings.Contains(err.Error(), "yaml:") {
		t.Errorf("from a folder to itself: %v", err)
	}
	if _, err := Catalog(parse("r.example/UPPER"), same, Options{}); err == nil || !strings.Contains(err.Error(), "UPPER") {
		t.Errorf("a prefix that cannot be: %v", err)
	}
	c, err = Catalog(parse("127.0.0.1:5000/a"), parse("r.example"), Options{Access: Access{PlainHTTP: true}})
	if err != nil || !c.Registries[0].PlainHTTP || !c.Registries[1].PlainHTTP {
		t.Errorf("%v", err)
	}
}

func TestFieldsAndSingle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]string{
		"r.example:5000/team": `type="oci" host="r.example:5000" repositoryPrefix="team" tls={"caFile":"/ca.pem"}`,
		"./site":              `type="layout" path="./site"`,
		"111111111111.dkr.ecr.us-east-1.amazonaws.com": `type="ecr" host="111111111111.dkr.ecr.us-east-1.amazonaws.com" account="111111111111" region="us-east-1"`,
	} {
		p, err := Parse(text, dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range p.Fields(dir, Access{CAFile: "/ca.pem"}) {
			got = append(got, f.Key+"="+f.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", text, strings.Join(got, " "), want)
		}
		c, err := Single(p, Access{})
		if err != nil || len(c.Registries) != 1 || c.Registries[0].Name == "" || c.Registries[0].Position.Line != 0 {
			t.Errorf("%s: %+v, %v", text, c, err)
		}
	}
}
