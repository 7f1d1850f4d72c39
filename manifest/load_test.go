package manifest_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/manifest"
)

// packLines shows packs as NAME:VERSION PATH > REGISTRY=ONCHANGE,…
func packLines(c *manifest.Catalog) []string {
	var lines []string
	for _, p := range c.Packs {
		var targets []string
		for _, t := range p.Targets {
			targets = append(targets, t.Registry+"="+string(t.OnChange))
		}
		lines = append(lines, fmt.Sprintf("%s:%s %s > %s", p.Name, p.Version, p.Path, strings.Join(targets, ",")))
	}
	return lines
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// many are registries of every standing: the first is named a, then comes what
// decides about targets.
const many = `registries:
  - {name: dev-a, type: layout, path: ./a}
  - {name: dev-b, type: layout, path: ./b, onChange: skip}
  - {name: prod-a, type: layout, path: ./c, manual: true}
  - {name: old, type: layout, path: ./d, readOnly: true}
`

func TestTargets(t *testing.T) {
	t.Parallel()
	const nginx = "-- packs/nginx/pack.json --\nnginx 1.0.0\n"
	tests := []struct{ name, entries, want string }{
		{"default: all that can be written", "{path: packs/nginx}", "dev-a=fail,dev-b=skip,prod-a=fail"},
		{"a name", "{path: packs/nginx, registries: dev-b}", "dev-b=skip"},
		{"names in any order", "{path: packs/nginx, registries: [prod-a, dev-a]}", "dev-a=fail,prod-a=fail"},
		{"a glob", "{path: packs/nginx, registries: 'dev-*'}", "dev-a=fail,dev-b=skip"},
		{"a glob passes read-only ones over", "{path: packs/nginx, registries: '*'}", "dev-a=fail,dev-b=skip,prod-a=fail"},
		{"all but some", "{path: packs/nginx, registries: ['*', '!dev-*']}", "prod-a=fail"},
		{"only what not", "{path: packs/nginx, registries: ['!dev-b']}", "dev-a=fail,prod-a=fail"},
		{"the last word counts", "{path: packs/nginx, registries: ['*', '!dev-*', dev-b]}", "dev-b=skip,prod-a=fail"},
		{"the entry's word", "{path: packs/nginx, registries: 'dev-*', onChange: overwrite}", "dev-a=overwrite,dev-b=overwrite"},
		{"entries add up", "{path: packs/nginx, registries: prod-a}, {path: packs/*, registries: dev-a}", "dev-a=fail,prod-a=fail"},
		{"a word wins over none", "{path: packs/nginx, registries: dev-a, onChange: skip}, {path: packs/*}", "dev-a=skip,dev-b=skip,prod-a=fail"},
		{"the last of words", "{path: packs/nginx, onChange: skip}, {path: packs/*, registries: dev-a, onChange: overwrite}", "dev-a=overwrite,dev-b=skip,prod-a=skip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, many+"packs: ["+tt.entries+"]\n"+nginx, manifest.LoadOptions{})
			wantLines(t, packLines(c), "nginx:1.0.0 packs/nginx > "+tt.want)
		})
	}
}

func TestCatalogsOnChangeIsTheLastResort(t *testing.T) {
	t.Parallel()
	c := load(t, many+"onChange: overwrite\npacks: [{path: a}]\n-- a/pack.json --\na 1.0.0\n", manifest.LoadOptions{})
	wantLines(t, packLines(c), "a:1.0.0 a > dev-a=overwrite,dev-b=skip,prod-a=overwrite")
}

func TestPacksAreSorted(t *testing.T) {
	t.Parallel()
	c := load(t, local+`packs: [{path: z/*}, {path: a/*}]
-- z/1/pack.json --
nginx 1.10.0
-- z/2/pack.json --
nginx 1.9.0
-- z/3/pack.json --
nginx nightly
-- a/1/pack.json --
argo-cd 2.0.0
`, manifest.LoadOptions{})
	wantLines(t, packLines(c),
		"argo-cd:2.0.0 a/1 > local=fail", "nginx:1.9.0 z/2 > local=fail",
		"nginx:1.10.0 z/1 > local=fail", "nginx:nightly z/3 > local=fail")
	if p := c.Packs[0]; p.DisplayName != "argo-cd" || p.Layer != "addon" || p.Archive || p.Position != (manifest.Position{Line: 7, Column: 22}) || p.Dir != filepath.Join(c.Dir, "a", "1") {
		t.Errorf("pack %+v", p)
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	const packs = `
-- p/1/pack.json --
csi-nfs 1.0.0
-- p/2/pack.json --
csi-nfs 2.0.0-rc.1
-- p/3/pack.json --
csi-nfs nightly
-- p/4/pack.json --
{"name": "cni-x", "version": "2.0.0", "displayName": "x", "layer": "cni"}
`
	tests := []struct{ only, want string }{
		{"{name: csi-*}", "csi-nfs:1.0.0 csi-nfs:2.0.0-rc.1 csi-nfs:nightly"},
		{"{name: [c*-x, nothing]}", "cni-x:2.0.0"},
		{"{layer: cni}", "cni-x:2.0.0"},
		{"{layer: [cni, addon], versions: '>=2.0.0-0'}", "cni-x:2.0.0 csi-nfs:2.0.0-rc.1"},
		{"{versions: '<2.0.0'}", "csi-nfs:1.0.0 csi-nfs:2.0.0-rc.1"},
		{"{versions: nightly}", "csi-nfs:nightly"},
		{"{versions: '*'}", "cni-x:2.0.0 csi-nfs:1.0.0 csi-nfs:2.0.0-rc.1 csi-nfs:nightly"},
	}
	for _, tt := range tests {
		t.Run(tt.only, func(t *testing.T) {
			t.Parallel()
			c := load(t, local+"packs: [{path: p/*, only: "+tt.only+"}]"+packs, manifest.LoadOptions{})
			var got []string
			for _, p := range c.Packs {
				got = append(got, p.Name+":"+p.Version)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("packs %v, want %s", got, tt.want)
			}
		})
	}
}

func TestRemarks(t *testing.T) {
	t.Parallel()
	c := load(t, `registries:
  - {name: a, type: layout, path: ./a, repositoryPrefix: x/spectro-packs}
  - {name: b, type: oci, host: localhost, plainHTTP: true, tls: {caFile: no.pem}}
packs:
  - {path: p/*, only: {versions: <9}, exclude: [q]}
  - {path: q/**, registries: a}
-- p/1/pack.json --
a 1.0.0
-- p/2/pack.json --
a nightly
-- q/1/pack.json --
q 1.0.0
-- q/a.tgz --
`, manifest.LoadOptions{})
	var got []string
	for _, r := range c.Remarks {
		got = append(got, strings.TrimPrefix(r.Error(), c.Dir+string(filepath.Separator)))
	}
	wantLines(t, got,
		`packs.yaml:4:58: packs of this registry are published below x/spectro-packs/spectro-packs/archive (spectro-packs/archive is added by itself: leave spectro-packs out unless you want it twice)`,
		`packs.yaml:5:65: tls: has no effect with plainHTTP: true (take one of them away)`,
		`packs.yaml:5:74: caFile "no.pem" is not there`,
		`packs.yaml:7:34: versions "<9" cannot judge, and so leaves out: a:nightly (an exact version names one that is no semantic version)`,
		`packs.yaml:7:49: exclude "q" takes nothing away`,
		`packs.yaml:8:12: archives are passed over by a ** at the end: q/a.tgz (an entry that ends in *.tar.gz or *.tgz takes them)`)
}

func TestSameVersionForDifferentRegistries(t *testing.T) {
	t.Parallel()
	c := load(t, many+`packs:
  - {path: one/*, registries: dev-a}
  - {path: two/*, registries: dev-b}
-- one/nginx/pack.json --
nginx 1.0.0
-- two/nginx/pack.json --
nginx 1.0.0
`, manifest.LoadOptions{})
	wantLines(t, packLines(c), "nginx:1.0.0 one/nginx > dev-a=fail", "nginx:1.0.0 two/nginx > dev-b=skip")
}

// TestTextStaysAsWritten: what YAML takes for numbers, dates and switches is
// text where text is wanted.
func TestTextStaysAsWritten(t *testing.T) {
	t.Parallel()
	c := load(t, `registries:
  - {name: off, type: layout, path: 1.10}
  - {name: 012, type: oci, host: h, repositoryPrefix: 0o7/y, credentials: {username: 1_000, passwordEnv: N}}
  - {name: y, type: ecr, repository: {tags: {on: off, date: 2026-01-01, n: 007, yes: null-ish}}}
packs: [{path: a, registries: [off, 012]}]
lint: {rules: {trailing-space: off}}
-- a/pack.json --
a 1.0
`, manifest.LoadOptions{})
	r := c.Registries
	if r[0].Name != "off" || r[0].Path != filepath.Join(c.Dir, "1.10") || r[1].Name != "012" || r[1].RepositoryPrefix != "0o7/y" || r[1].Credentials.Username != "1_000" {
		t.Errorf("registries %+v", r)
	}
	if want := map[string]string{"on": "off", "date": "2026-01-01", "n": "007", "yes": "null-ish"}; !reflect.DeepEqual(r[2].ECR.Repository.Tags, want) {
		t.Errorf("tags %v", r[2].ECR.Repository.Tags)
	}
	if c.Lint.Rules["trailing-space"] != "off" {
		t.Errorf("rules %v", c.Lint.Rules)
	}
	wantLines(t, packLines(c), "a:1.0 a > off=fail,012=fail")
}

func TestAnchorsAndMergeKeys(t *testing.T) {
	t.Parallel()
	c := load(t, `x-tls: &tls {caFile: ca.pem}
x-base: &base {type: oci, host: a.example, tls: *tls, onChange: skip}
x-more: &more {host: b.example, manual: true}
registries:
  - {<<: *base, name: one}
  - <<: [*more, *base]
    name: two
    onChange: fail
packs: [{path: a}]
-- a/pack.json --
a 1.0.0
-- ca.pem --
`, manifest.LoadOptions{})
	one, two := c.Registries[0], c.Registries[1]
	if one.Host != "a.example" || one.OnChange != manifest.OnChangeSkip || one.TLS == nil || one.TLS.CAFile != filepath.Join(c.Dir, "ca.pem") {
		t.Errorf("one %+v", one)
	}
	if two.Host != "b.example" || two.OnChange != manifest.OnChangeFail || !two.Manual || two.TLS == nil {
		t.Errorf("two %+v", two)
	}
	wantLines(t, c.Files, filepath.Join(c.Dir, "ca.pem"))
	if len(c.Remarks) > 0 {
		t.Errorf("remarks %v", c.Remarks)
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host, more string
		want       bool
	}{
		{"localhost", "", true},
		{"localhost:5000", "", true},
		{"LOCALHOST:5000", "", true},
		{"a.localhost", "", true},
		{"127.0.0.1:5000", "", true},
		{"127.9.9.9", "", true},
		{"'[::1]:5000'", "", true},
		{"'[::ffff:127.0.0.1]'", "", true},
		{"localhost.example", "", false},
		{"127.0.0.1.example", "", false},
		{"10.0.0.1:5000", "", false},
		{"registry.example", "", false},
		{"registry.example", ", plainHTTP: true", true},
		{"localhost", ", plainHTTP: false", false},
		{"localhost", ", tls: {insecureSkipVerify: true}", false},
		{"localhost", ", tls: {}", false},
		{"localhost", ", tls: {}, plainHTTP: true", true},
	}
	for _, tt := range tests {
		c := load(t, "registries: [{name: r, type: oci, host: "+tt.host+tt.more+"}]\npacks: []\n", manifest.LoadOptions{})
		if got := c.Registries[0].PlainHTTP; got != tt.want {
			t.Errorf("host %s%s: plain HTTP %v, want %v", tt.host, tt.more, got, tt.want)
		}
	}
}

func TestRepositoryPrefix(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"''":                                "spectro-packs/archive",
		"/":                                 "spectro-packs/archive",
		"team-a":                            "team-a/spectro-packs/archive",
		"/team-a//x/":                       "team-a/x/spectro-packs/archive",
		"spectro-packs/archive":             "spectro-packs/archive",
		"team-a/spectro-packs/archive/":     "team-a/spectro-packs/archive",
		"a.b/c_d/e__f/g--h":                 "a.b/c_d/e__f/g--h/spectro-packs/archive",
		"my-spectro-packs/archive":          "my-spectro-packs/archive/spectro-packs/archive",
		"spectro-packs/archive/spectro-pac": "spectro-packs/archive/spectro-pac/spectro-packs/archive",
	} {
		c := load(t, "registries: [{name: r, type: oci, host: h, repositoryPrefix: "+prefix+"}]\npacks: []\n", manifest.LoadOptions{})
		if got := c.Registries[0].Base(); got != want {
			t.Errorf("prefix %s: base %s, want %s", prefix, got, want)
		}
	}
}

func TestLintRulesAreChecked(t *testing.T) {
	t.Parallel()
	got, _ := mistakes(t, local+`packs: []
lint:
  rules: {readme-mising: off, logo-missing: info}
  paths: [{path: 'x/**', rules: {nope-nope: error}}]
  ignore: [{rule: logo-mising, reason: r}]
`, manifest.LoadOptions{LintRules: []string{"logo-missing", "readme-missing"}})
	wantLines(t, strings.Split(got, "\n"),
		"packs.yaml:9:11: there is no rule \"readme-mising\" (did you mean readme-missing?; `packs validate --list-rules` lists them)",
		"packs.yaml:10:34: there is no rule \"nope-nope\" (`packs validate --list-rules` lists them)",
		"packs.yaml:11:19: there is no rule \"logo-mising\" (did you mean logo-missing?; `packs validate --list-rules` lists them)")
}

func TestDurationsAndSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "90d": 90 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "500ms": 500 * time.Millisecond} {
		c := load(t, local+"packs: []\nprune: {keep: {newerThan: "+text+"}}\n", manifest.LoadOptions{})
		if c.Prune == nil || c.Prune.NewerThan != want {
			t.Errorf("%s: %+v, want %v", text, c.Prune, want)
		}
	}
	for _, text := range []string{"0s", "99999999999999999999w", "200000d"} {
		if got, _ := mistakes(t, local+"packs: []\nprune: {keep: {newerThan: "+text+"}}\n", manifest.LoadOptions{}); !strings.Contains(got, "newerThan is out of range") {
			t.Errorf("%s: %s", text, got)
		}
	}
	for text, want := range map[string]int64{"50GiB": 50 << 30, "-1": -1, "1024": 1024, "3TiB": 3 << 40, "2MiB": 2 << 20, "1KiB": 1024, "99999999999TiB": -1} {
		c := load(t, "registries: [{name: h, type: harbor, host: h, project: p, createProject: {storageLimit: "+text+"}}]\npacks: []\n", manifest.LoadOptions{})
		if h := c.Registries[0].Harbor; !h.CreateProject || h.StorageLimit != want || h.Public != nil {
			t.Errorf("%s: %+v, want %d", text, h, want)
		}
	}
}
