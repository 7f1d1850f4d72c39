package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
)

// found joins findings: "LEVEL TOPIC TEXT FIX", a line each.
func found(x *Examination) string {
	var b strings.Builder
	for _, f := range x.Findings {
		b.WriteString([]string{"", "ok", "note", "bad"}[f.Level] + " " + f.Topic + " " + f.Text + " | " + f.Fix + "\n")
	}
	return b.String()
}

func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := []struct{ date, want string }{
		{now.Add(-30 * time.Second).Format(http.TimeFormat), "ok clock"},
		{now.Add(3 * time.Minute).Format(http.TimeFormat), "bad clock this machine and the registry are 3m0s apart | set the clock"},
		{now.Add(-time.Hour).Format(http.TimeFormat), "bad clock this machine and the registry are 1h0m0s apart"},
		{"", "note clock"},
	}
	for _, c := range cases {
		x := &Examination{}
		x.clock(c.date, now)
		if got := found(x); !strings.HasPrefix(got, c.want) {
			t.Errorf("date %q: %s, want %s", c.date, got, c.want)
		}
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	state := func(days int) *tls.ConnectionState {
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{
			Subject: pkix.Name{CommonName: "registry"}, Issuer: pkix.Name{CommonName: "corp"},
			NotBefore: now, NotAfter: now.AddDate(0, 0, days),
		}}}
	}
	const issued = "issued to CN=registry by CN=corp, valid from 2026-01-02 to "
	cases := []struct {
		state *tls.ConnectionState
		trust *manifest.TLS
		want  []string
	}{
		{nil, nil, []string{"note certificate none: plain HTTP"}},
		{state(90), nil, []string{"ok certificate " + issued + "2026-04-02"}},
		{state(10), nil, []string{"note certificate " + issued + "2026-01-12 | it ends soon"}},
		{state(90), &manifest.TLS{CAFile: "/ca.pem"}, []string{"note certificate this CA must be given to Palette too", "/ca.pem"}},
		{state(90), &manifest.TLS{CA: "PEM"}, []string{"note certificate this CA must be given to Palette too", "tls.ca"}},
		{state(90), &manifest.TLS{InsecureSkipVerify: true}, []string{"bad certificate IS NOT CHECKED"}},
	}
	for _, c := range cases {
		x := &Examination{Registry: &manifest.Registry{TLS: c.trust}}
		x.trust(c.state, now)
		for _, want := range c.want {
			if got := found(x); !strings.Contains(got, want) {
				t.Errorf("%+v: %s, want %q", c.trust, got, want)
			}
		}
	}
}

func TestExamineChangesNothing(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	env := func(name string) (string, bool) { return registrytest.Password, name == "P" }
	right := &manifest.Registry{
		Name: "right", Type: manifest.TypeOCI, Host: s.Host, PlainHTTP: true,
		Credentials: &manifest.Credentials{Username: registrytest.Username, PasswordEnv: "P"},
	}
	wrong := &manifest.Registry{
		Name: "wrong", Type: manifest.TypeOCI, Host: s.Host, PlainHTTP: true,
		Credentials: &manifest.Credentials{Username: "nobody", PasswordEnv: "P"},
	}
	all, err := Examine(t.Context(), []*manifest.Registry{right, wrong}, Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	if !all[0].Healthy() || !strings.Contains(found(all[0]), "ok login user \""+registrytest.Username+"\"") {
		t.Errorf("right login: %s", found(all[0]))
	}
	if all[1].Healthy() || !strings.Contains(found(all[1]), "bad login ") {
		t.Errorf("wrong login: %s", found(all[1]))
	}
	for _, x := range all {
		if strings.Contains(found(x), registrytest.Password) {
			t.Errorf("the password is told: %s", found(x))
		}
	}
	for _, r := range s.Requests() {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			t.Errorf("%v", r)
		}
	}
}
