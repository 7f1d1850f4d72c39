package manifest_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	o := manifest.LoadOptions{Env: env("TEAM=blue", "EMPTY=", "SPACE=a b")}
	tests := []struct{ text, want string }{
		{"${TEAM}", "blue"},
		{"a-${TEAM}-${TEAM}", "a-blue-blue"},
		{"${TEAM:-red}", "blue"},
		{"${NONE:-red}", "red"},
		{"${NONE:-}", ""},
		{"${EMPTY}", ""},
		{"${EMPTY:-red}", "red"},
		{"${NONE:-a:-b$}", "a:-b$"},
		{"$${TEAM}", "${TEAM}"},
		{"$$${TEAM}", "$${TEAM}"},
		{"$$${TEAM}${TEAM}", "$${TEAM}blue"},
		{"robot$packs+ci", "robot$packs+ci"},
		{"$", "$"},
		{"$TEAM $$ }", "$TEAM $$ }"},
		{"${SPACE}", "a b"},
	}
	for _, tt := range tests {
		c := load(t, "registries: [{name: e, type: ecr, repository: {tags: {t: '"+tt.text+"'}}}]\npacks: []\n", o)
		if got := c.Registries[0].ECR.Repository.Tags["t"]; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestVariablesAreHeldAgainstTheSchema: the text that comes out counts, and
// what a variable holds is never shown.
func TestVariablesAreHeldAgainstTheSchema(t *testing.T) {
	t.Parallel()
	o := manifest.LoadOptions{Env: env("URL=https://canary@r.example/x", "WORD=canary-word", "PREFIX=Canary", "GLOB=canary/[", "RANGE=>canary.x", "DIR=canary/none")}
	got, _ := mistakes(t, `registries:
  - {name: r, type: oci, host: "${URL}", repositoryPrefix: "${PREFIX}"}
  - {name: l, type: layout, path: ./l, onChange: "${WORD}"}
packs:
  - {path: "${GLOB}"}
  - {path: "${DIR}/*", registries: "${WORD}", only: {versions: "${RANGE}"}}
  - {path: "${DIR}", exclude: "${DIR}"}
  - {path: a, name: "${WORD}"}
-- a/pack.json --
a 1.0.0
`, o)
	if strings.Contains(strings.ToLower(got), "canary") {
		t.Errorf("a variable's value is shown:\n%s", got)
	}
	if n := strings.Count(got, "\n") + 1; n != 9 {
		t.Errorf("%d problems, want 9:\n%s", n, got)
	}
}

func TestWhereAnUnsetVariableIsARemark(t *testing.T) {
	t.Parallel()
	const text = `registries:
  - {name: dev, type: oci, host: "${DEV_HOST}"}
  - {name: prod, type: oci, host: "${PROD_HOST}", repositoryPrefix: "${P}", onChange: "${ON}", manual: true}
packs: [{path: a}]
palette: {endpoint: "${PALETTE}"}
-- a/pack.json --
a 1.0.0
`
	tests := []struct {
		name    string
		options manifest.LoadOptions
		errors  string // lines with errors, then lines with remarks
		remarks string
	}{
		{"plan", manifest.LoadOptions{}, "4:34 7:21", "5:35"},
		{"plan, all set", manifest.LoadOptions{Env: env("DEV_HOST=d", "PALETTE=https://p.example")}, "", "5:35 5:69 5:87"},
		{"the manual one is chosen", manifest.LoadOptions{Registries: []string{"prod"}, Env: env("PALETTE=https://p.example")}, "5:35 5:69 5:87", "4:34"},
		{"a glob chooses no manual one", manifest.LoadOptions{Registries: []string{"*"}, Env: env("PALETTE=https://p.example")}, "4:34", "5:35"},
		{"validate", manifest.LoadOptions{Validate: true}, "", "4:34 5:35 5:69 5:87 7:21"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := manifest.Load(filepath.Join(write(t, text), "packs.yaml"), tt.options)
			var invalid *manifest.InvalidError
			if tt.errors == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := places(c.Remarks); got != tt.remarks {
					t.Errorf("remarks %s, want %s", got, tt.remarks)
				}
				prod := c.Registries[1]
				if prod.Host != "${PROD_HOST}" || prod.OnChange != manifest.OnChangeFail || !slices.Equal(prod.Unset, []string{"ON", "P", "PROD_HOST"}) {
					t.Errorf("prod %+v", prod)
				}
				return
			}
			if !errors.As(err, &invalid) || !errors.Is(err, manifest.ErrUnsetVariable) {
				t.Fatalf("error %v", err)
			}
			if got := places(invalid.Problems); got != tt.errors {
				t.Errorf("errors %s, want %s", got, tt.errors)
			}
		})
	}
}

func places(problems []manifest.Problem) string {
	var all []string
	for _, p := range problems {
		place := strings.Split(strings.TrimPrefix(p.Error(), p.File+":"), ": ")[0]
		all = append(all, place)
	}
	return strings.Join(all, " ")
}

// TestSecretsStayOut: a catalog of a stranger cannot put a secret into a
// place that is sent to a host of its choice.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	names := []string{
		"HARBOR_PASSWORD", "harbor_passwd", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "SPECTROCLOUD_APIKEY",
		"MY_API_KEY", "SSH_PRIVATE_KEY", "GOOGLE_CREDENTIALS", "GPG_PASSPHRASE", "NAMED_HERE",
	}
	for _, name := range names {
		body := local + `  - {name: r, type: oci, host: "h", credentials: {username: u, passwordEnv: NAMED_HERE}}
packs: [{path: "a/${` + name + `:-x}"}]
`
		o := manifest.LoadOptions{Env: env(name + "=canary")}
		got, _ := mistakes(t, body, o)
		if !strings.Contains(got, "${"+name+"} is not put in") || strings.Contains(got, "canary") || strings.Contains(got, "\n") {
			t.Errorf("%s: %s", name, got)
		}
		o.AllowEnv = []string{name}
		if got, _ := mistakes(t, body, o); !strings.Contains(got, "matches nothing") {
			t.Errorf("%s, allowed: %s", name, got)
		}
	}
}

func TestVariableInTheNameOfAVariable(t *testing.T) {
	t.Parallel()
	c := load(t, "registries: [{name: r, type: oci, host: h, credentials: {username: u, passwordEnv: '${TEAM}_PW'}}]\npacks: []\n", manifest.LoadOptions{Env: env("TEAM=BLUE")})
	if got := c.Registries[0].Credentials.PasswordEnv; got != "BLUE_PW" {
		t.Errorf("passwordEnv %s", got)
	}
	got, _ := mistakes(t, "registries: [{name: r, type: oci, host: '${BLUE_PW}', credentials: {username: u, passwordEnv: '${TEAM}_PW'}}]\npacks: []\n", manifest.LoadOptions{Env: env("TEAM=BLUE", "BLUE_PW=canary")})
	if !strings.Contains(got, "${BLUE_PW} is not put in: credentials name this variable") {
		t.Errorf("got %s", got)
	}
}

// TestUnusedAnchorsTakeNoVariables: what stands below x- is not read.
func TestUnusedAnchorsTakeNoVariables(t *testing.T) {
	t.Parallel()
	c := load(t, "x-a: &a {host: '${NONE}', b: [1, true, null]}\n"+local+"packs: []\n", manifest.LoadOptions{})
	if len(c.Remarks) > 0 {
		t.Errorf("remarks %v", c.Remarks)
	}
}
