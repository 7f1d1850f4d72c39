package executor_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/palettetest"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/manifest"
)

// lastMile is a world with one registry and a Palette that shall read it.
type lastMile struct {
	*world
	palette *palettetest.Server
	env     map[string]string
	notes   []string
}

// newLastMile starts both. The registry speaks HTTPS and wants a login; its
// authority and password are given to Palette as well.
func newLastMile(t *testing.T, o palettetest.Options) *lastMile {
	t.Helper()
	w := newWorld(t)
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic, TLS: true})
	m := &lastMile{world: w, palette: palettetest.Start(t, o), env: map[string]string{
		"KEY": palettetest.TenantAdmin, "PASSWORD": registrytest.Password, "READER": registrytest.Password,
	}}
	login := manifest.Credentials{Username: registrytest.Username, PasswordEnv: "PASSWORD"}
	reader := manifest.Credentials{Username: registrytest.Username, PasswordEnv: "READER"}
	w.catalog.Palette = &manifest.Palette{Endpoint: m.palette.URL, APIKeyEnv: "KEY", Limits: manifest.Limits{RequestsPerSecond: 1000}}
	if m.palette.CAFile != "" {
		w.catalog.Palette.TLS = &manifest.TLS{CAFile: m.palette.CAFile}
	}
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "site", Type: manifest.TypeOCI, Host: s.Host, RepositoryPrefix: "team", BasePathRepository: true, TLS: &manifest.TLS{CAFile: s.CAFile}, Credentials: &login,
		Palette: &manifest.RegistryPalette{Name: "packs-site", SyncTimeout: time.Minute, Credentials: &manifest.PaletteCredentials{Credentials: reader}},
	})
	return m
}

func (m *lastMile) spec() *manifest.Registry { return &m.catalog.Registries[0] }

func (m *lastMile) options() executor.Options {
	return executor.Options{
		Env:     func(name string) (string, bool) { v, ok := m.env[name]; return v, ok },
		OnEvent: func(e executor.Event) { m.notes = append(m.notes, e.Note) },
	}
}

// onPalette are options for a run on Palette alone.
func (m *lastMile) onPalette() executor.Options {
	o := m.options()
	o.Palette = true
	return o
}

// register does it and returns what was done about the registry.
func (m *lastMile) register(o executor.PaletteOptions) executor.PaletteChange {
	m.t.Helper()
	e := m.executor(m.onPalette())
	p, err := e.PalettePlan(m.t.Context(), o)
	if err != nil {
		m.t.Fatal(err)
	}
	defer p.Close()
	e.PaletteRegister(m.t.Context(), p)
	return p.Registries[0]
}

func (m *lastMile) sync(o executor.SyncOptions) executor.PaletteSync {
	m.t.Helper()
	r, err := m.executor(m.onPalette()).PaletteSync(m.t.Context(), o)
	if err != nil {
		m.t.Fatal(err)
	}
	return r.Registries[0]
}

func (m *lastMile) verify() *executor.PaletteVerification {
	m.t.Helper()
	v, err := m.executor(m.onPalette()).PaletteVerify(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	return v
}

func (m *lastMile) published() {
	m.t.Helper()
	if r := m.apply(m.options()); r.Err() != nil {
		m.t.Fatal(r.Err())
	}
}

// TestTheLastMile is the whole way: packs.yaml, apply, register, sync, verify.
func TestTheLastMile(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]palettetest.Options{
		"as documented": {SyncLooks: 2}, "several pages": {PageSize: 1}, "tags only": {TagOnly: true}, "tags that are groups": {VersionTag: true},
		"values of the newest only": {LatestOnly: true}, "over HTTPS": {TLS: true}, "without validate": {NoValidate: true}, "certificates hidden": {HideTLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newLastMile(t, o)
			m.pack("a", "1.0.0", "x: 1\n")
			m.pack("a", "1.1.0", "x: 2\n")
			m.pack("empty", "0.1.0", "") // an empty values.yaml is legal
			m.published()
			if c := m.register(executor.PaletteOptions{}); c.Action != executor.PaletteCreate || c.Status != executor.StatusDone || c.UID == "" {
				t.Fatalf("registered: %+v", c)
			}
			if s := m.sync(executor.SyncOptions{Wait: true}); s.State != executor.SyncDone || !s.Triggered || s.LastSynced == "" {
				t.Fatalf("synced: %+v", s)
			}
			if v := m.verify(); v.Summary != (executor.PaletteCounts{Visible: 3}) {
				t.Errorf("verified: %+v", v)
			}
			if c := m.register(executor.PaletteOptions{}); c.Action != executor.PaletteUnchanged || len(c.Changes) != 0 {
				t.Errorf("registered again: %+v", c)
			}
			if n := m.palette.Count(http.MethodPost, "/registries/oci/basic"); n != 1 {
				t.Errorf("registered %d times", n)
			}
		})
	}
}

// TestTheLastMileFails: each case breaks one thing, and is told what.
func TestTheLastMileFails(t *testing.T) {
	t.Parallel()
	other := func(t *testing.T) string {
		t.Helper()
		ca, err := registrytest.NewCA(t.TempDir(), "another CA")
		if err != nil {
			t.Fatal(err)
		}
		return ca.File
	}
	tests := map[string]struct {
		palette palettetest.Options
		publish func(m *lastMile) // before apply
		spoil   func(m *lastMile) // before register
		failed  string            // what registering or syncing says; "" where both work
		hint    string
		reason  string // why a@1.0.0 is missing
	}{
		"path": {
			spoil:  func(m *lastMile) { m.spec().Palette.ReadAs = &manifest.ReadAs{BaseContentPath: "elsewhere"} },
			reason: "in the right shape, but Palette did not see it",
		},
		"shape": {
			publish: func(m *lastMile) { m.spec().Artifact.Shape = "oras-1.1" },
			reason:  "has the shape that oras 1.1 and newer write by default",
		},
		"title": {
			publish: func(m *lastMile) { m.push("a", "1.0.0", "some/dir/a-1.0.0.tar.gz") },
			reason:  `has the title "some/dir/a-1.0.0.tar.gz", Palette looks for "a-1.0.0.tar.gz"`,
		},
		"CA": {
			spoil:  func(m *lastMile) { m.spec().TLS = &manifest.TLS{CAFile: other(m.t)} },
			failed: "x509", hint: "look at, in this order: the CA",
		},
		"CA without validate": {
			palette: palettetest.Options{NoValidate: true},
			spoil:   func(m *lastMile) { m.spec().TLS = &manifest.TLS{CAFile: other(m.t)} },
			failed:  "the sync failed: Palette responded:", hint: "look at, in this order: the CA",
		},
		"credentials": {
			spoil:  func(m *lastMile) { m.env["READER"] = "canary-wrong" },
			failed: "RegistryValidationFailed", hint: "look at, in this order: the credentials",
		},
		"credentials without validate": {
			palette: palettetest.Options{NoValidate: true},
			spoil:   func(m *lastMile) { m.env["READER"] = "canary-wrong" },
			failed:  "the sync failed: Palette responded:", hint: "look at, in this order: the credentials",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newLastMile(t, tt.palette)
			m.pack("a", "1.0.0", "x: 1\n")
			if tt.publish != nil {
				tt.publish(m)
			}
			m.published()
			if tt.spoil != nil {
				tt.spoil(m)
			}
			c := m.register(executor.PaletteOptions{})
			said, hint := c.Error, c.Hint
			if c.Err == nil {
				s := m.sync(executor.SyncOptions{Wait: true})
				said, hint = s.Error, s.Hint
			}
			if !strings.Contains(said, tt.failed) || (said == "") != (tt.failed == "") || !strings.Contains(hint, tt.hint) || strings.Contains(said, "canary") {
				t.Errorf("said %q, hint %q, want %q and %q", said, hint, tt.failed, tt.hint)
			}
			v := m.verify()
			if v.Summary.Missing != 1 || !strings.Contains(v.Packs[0].Reason, tt.reason) || v.Packs[0].Hint == "" {
				t.Errorf("verified: %+v, want %q", v.Packs, tt.reason)
			}
		})
	}
}

// push publishes a pack of the catalog under a title of its own.
func (m *lastMile) push(name, version, title string) {
	m.t.Helper()
	var b bytes.Buffer
	if _, err := pack.Build(m.t.Context(), &b, filepath.Join(m.dir, name+"-"+version), pack.Meta{Name: name, Version: version}); err != nil {
		m.t.Fatal(err)
	}
	a, err := artifact.New(artifact.Bytes("", b.Bytes()), title, artifact.Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	r, err := oci.New(m.spec(), oci.Options{Env: m.options().Env})
	if err != nil {
		m.t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Push(m.t.Context(), m.spec().Repository(name), version, a, registry.Hint{}); err != nil {
		m.t.Fatal(err)
	}
}

func TestPaletteReadsAmazonECR(t *testing.T) {
	const external = "canary-external-id"
	role := ecrtest.Role{ARN: "arn:aws:iam::" + devAccount + ":role/palette-reader", ExternalID: external}
	aws := startECR(t, ecrtest.Options{Roles: []ecrtest.Role{role}}, devAccount)
	user := ecrtest.User(devAccount)
	m := &lastMile{world: newWorld(t), env: map[string]string{
		"KEY": palettetest.TenantAdmin, "AK": user.AccessKeyID, "SK": user.SecretAccessKey, "X": external,
	}}
	m.palette = palettetest.Start(t, palettetest.Options{AWSEndpoint: aws.URL, AWSAccess: [2]string{user.AccessKeyID, user.SecretAccessKey}})
	m.catalog.Palette = &manifest.Palette{Endpoint: m.palette.URL, APIKeyEnv: "KEY"}
	r := m.onECR(devAccount, "")
	r.ECR.Account = "" // only Amazon tells the host
	r.Palette = &manifest.RegistryPalette{Name: "packs-ecr", Credentials: &manifest.PaletteCredentials{AccessKeyEnv: "AK", SecretKeyEnv: "SK"}}
	m.pack("a", "1.0.0", "x: 1\n")
	m.published()
	if c := m.register(executor.PaletteOptions{}); c.Type != "ecr" || c.Status != executor.StatusDone {
		t.Fatalf("registered: %+v", c)
	}
	whole := func(step string) {
		t.Helper()
		if s := m.sync(executor.SyncOptions{Wait: true}); s.State != executor.SyncDone {
			t.Errorf("%s: synced: %+v", step, s)
		}
		if v := m.verify(); v.Summary != (executor.PaletteCounts{Visible: 1}) {
			t.Errorf("%s: verified: %+v", step, v)
		}
	}
	whole("with keys")
	uid := m.palette.UID("packs-ecr")
	r.Palette.Credentials = &manifest.PaletteCredentials{RoleARN: role.ARN, ExternalIDEnv: "X"}
	if c := m.register(executor.PaletteOptions{}); c.Action != executor.PaletteUpdate || c.UID != uid || c.Status != executor.StatusDone {
		t.Fatalf("updated: %+v", c)
	}
	whole("with a role")
	m.env["X"] = "canary-wrong"
	if c := m.register(executor.PaletteOptions{UpdateCredentials: true}); c.Status != executor.StatusFailed || strings.Contains(c.Error, "canary") {
		t.Errorf("a wrong external ID: %+v", c)
	}
}

// TestAChangedHostKeepsTheUID, so that profiles keep their references.
func TestAChangedHostKeepsTheUID(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	m.register(executor.PaletteOptions{})
	uid := m.palette.UID("packs-site")
	m.spec().Palette.ReadAs = &manifest.ReadAs{Endpoint: "https://" + strings.Replace(m.spec().Host, "127.0.0.1", "localhost", 1)}
	c := m.register(executor.PaletteOptions{})
	if c.Action != executor.PaletteUpdate || c.Status != executor.StatusDone || c.UID != uid || len(c.Changes) != 1 || c.Changes[0].Setting != "endpoint" {
		t.Errorf("%+v", c)
	}
	auth, _ := m.palette.Spec("packs-site")["auth"].(map[string]any)
	if auth["password"] != registrytest.Password {
		t.Errorf("Palette has the password %v: not that of packs.yaml", auth["password"])
	}
}

// TestAChangedTypeIsANewRegistry: profiles are listed that must be led to it.
func TestAChangedTypeIsANewRegistry(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{PageSize: 1})
	m.pack("a", "1.0.0", "x: 1\n")
	m.published()
	m.register(executor.PaletteOptions{})
	m.sync(executor.SyncOptions{Wait: true})
	uid := m.palette.UID("packs-site")
	m.palette.AddProfile("uses-it", "", palettetest.Layer{Name: "a", Version: "1.0.0", RegistryUID: uid})
	m.palette.AddProfile("other-registry", "", palettetest.Layer{Name: "a", Version: "1.0.0", RegistryUID: "x"})
	m.palette.AddProfile("other-pack", "", palettetest.Layer{Name: "b", Version: "1.0.0", RegistryUID: uid})
	m.palette.AddProfile("of-a-project", "p1", palettetest.Layer{Name: "a", Version: "1.0.0", RegistryUID: uid})
	spec := m.spec()
	spec.Type, spec.ECR = manifest.TypeECR, &manifest.ECR{Region: ecrtest.DefaultRegion, Account: devAccount, Profile: "no-such-profile"}
	spec.Host = devAccount + ".dkr.ecr.us-east-1.amazonaws.com"
	for project, want := range map[string]string{"": "uses-it", "p1": "uses-it, of-a-project"} {
		m.catalog.Palette.ProjectUID = project
		p, err := m.executor(m.onPalette()).PalettePlan(t.Context(), executor.PaletteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
		c := p.Registries[0]
		if c.Action != executor.PaletteCreate || strings.Join(c.Profiles, ", ") != want || !strings.Contains(c.Warning, want) || c.Hint == "" {
			t.Errorf("project %q: %+v, want profiles %s", project, c, want)
		}
	}
}

func TestSystemRegistriesAreLeftAlone(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	m.palette.AddRegistry("packs-site", "oci", "basic", "system")
	c := m.register(executor.PaletteOptions{})
	if c.Status != executor.StatusFailed || !strings.Contains(c.Hint, "system console only") {
		t.Errorf("%+v", c)
	}
	if n := m.palette.Count(http.MethodPost, "/registries/oci/basic"); n != 0 {
		t.Errorf("%d registries made", n)
	}
}

// TestSyncThatNeverEnds: what the server does about it, and when force helps.
func TestSyncThatNeverEnds(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	m.palette.Hang()
	m.register(executor.PaletteOptions{}) // begins a sync of its own
	m.spec().Palette.SyncTimeout = 300 * time.Millisecond
	s := m.sync(executor.SyncOptions{Wait: true})
	if s.State != executor.SyncTimedOut || s.Triggered || !strings.Contains(s.Error, "the sync has not ended") || !strings.Contains(s.Hint, "--force") || !strings.Contains(s.Hint, "every 15 minutes") {
		t.Errorf("%+v", s)
	}
	if s := m.sync(executor.SyncOptions{}); s.State != executor.SyncRunning || s.Triggered || !strings.Contains(s.Hint, "before the last push") {
		t.Errorf("without waiting: %+v", s)
	}
	if s := m.sync(executor.SyncOptions{Force: true}); !s.Triggered {
		t.Errorf("by force: %+v", s)
	}
	m.palette.Release()
	m.spec().Palette.SyncTimeout = time.Minute
	if s := m.sync(executor.SyncOptions{Wait: true}); s.State != executor.SyncDone || !s.Triggered {
		t.Errorf("released: %+v", s)
	}
}

// TestInterruptWhileWaiting leaves the sync running and says so.
func TestInterruptWhileWaiting(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	m.palette.Hang()
	m.register(executor.PaletteOptions{})
	for name, end := range map[string]func(stop chan struct{}, cancel func()){
		"stop":   func(stop chan struct{}, _ func()) { close(stop) },
		"cancel": func(_ chan struct{}, cancel func()) { cancel() },
	} {
		stop := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		o := m.onPalette()
		o.Stop = stop
		done := false
		o.OnEvent = func(e executor.Event) {
			if strings.Contains(e.Note, "InProgress") && !done {
				done = true
				end(stop, cancel)
			}
		}
		r, err := m.executor(o).PaletteSync(ctx, executor.SyncOptions{Wait: true})
		cancel()
		if err != nil || !r.Interrupted || r.Registries[0].State != executor.SyncRunning || !strings.Contains(r.Registries[0].Hint, "goes on in Palette") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestViewersMayLook: status and verify need no more.
func TestViewersMayLook(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	m.pack("a", "1.0.0", "x: 1\n")
	m.published()
	m.register(executor.PaletteOptions{})
	m.sync(executor.SyncOptions{Wait: true})
	m.env["KEY"] = palettetest.Viewer
	if v := m.verify(); !v.Summary.Well() || v.Summary.Visible != 1 {
		t.Errorf("verify: %+v", v)
	}
	r, err := m.executor(m.onPalette()).PaletteStatus(t.Context())
	if err != nil || r.Summary.Synced != 1 || r.Registries[0].Packs == nil || *r.Registries[0].Packs != 1 {
		t.Errorf("status: %+v, %v", r, err)
	}
	if s := m.sync(executor.SyncOptions{}); s.State != executor.SyncUnknown || !errors.Is(s.Err, registry.ErrDenied) || !strings.Contains(s.Hint, "Tenant Admin") {
		t.Errorf("sync: %+v", s)
	}
}

func TestVerifySeesOtherContent(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	p := m.pack("a", "1.0.0", "x: 1\ny: [1, 2]\n")
	m.write(filepath.Join(p.Dir, "README.md"), "# A\n")
	m.write(filepath.Join(p.Dir, "presets.yaml"), "presets: [{name: p1}]\n")
	m.write(filepath.Join(p.Dir, "schema.yaml"), "a.b: {schema: x}\n")
	m.published()
	m.register(executor.PaletteOptions{})
	m.sync(executor.SyncOptions{Wait: true})
	for values, want := range map[string]executor.VersionState{
		"x: 1\r\ny: [1, 2]\r\n": executor.VersionVisible, "y:\n- 1\n- 2\nx: 1": executor.VersionVisible,
		"x: 2\ny: [1, 2]\n": executor.VersionDifferent, "": executor.VersionDifferent,
	} {
		m.palette.Spoil("a", "1.0.0", values)
		if v := m.verify(); v.Packs[0].State != want {
			t.Errorf("values %q: %+v, want %s", values, v.Packs[0], want)
		}
	}
	m.palette.Spoil("a", "1.0.0", "x: 1\ny: [1, 2]\n")
	m.write(filepath.Join(p.Dir, "README.md"), "# B\n")
	m.write(filepath.Join(p.Dir, "presets.yaml"), "presets: [{name: p2}]\n")
	m.write(filepath.Join(p.Dir, "schema.yaml"), "a.c: {schema: x}\n")
	if v := m.verify(); strings.Join(v.Packs[0].Differs, " ") != "readme presets schema" {
		t.Errorf("other files: %+v", v.Packs[0])
	}
}

// TestFollowUp is apply --palette.
func TestFollowUp(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{SyncLooks: 1})
	m.register(executor.PaletteOptions{})
	follow := func() *executor.Report {
		t.Helper()
		e := m.executor(m.options())
		p, err := e.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Palette) != 1 || p.Palette[0].Sync != p.Summary.Pending() || p.Palette[0].Versions != len(m.catalog.Packs) {
			t.Errorf("steps of the plan: %+v", p.Palette)
		}
		r, err := e.Apply(t.Context(), p)
		if err != nil || r.Err() != nil {
			t.Fatal(err, r.Err())
		}
		e.FollowUp(t.Context(), r)
		if !r.Counted() {
			t.Error("the summary does not count what the report holds")
		}
		return r
	}
	m.pack("a", "1.0.0", "x: 1\n")
	if r := follow(); *r.Summary.Palette != (executor.PaletteCounts{Visible: 1}) || !r.Palette.Registries[0].Triggered {
		t.Errorf("first: %+v", r.Palette)
	}
	syncs := m.palette.Count(http.MethodPost, "/sync")
	if r := follow(); *r.Summary.Palette != (executor.PaletteCounts{Visible: 1}) || m.palette.Count(http.MethodPost, "/sync") != syncs {
		t.Errorf("nothing changed, and all is there: %+v", r.Palette)
	}
	m.pack("a", "1.1.0", "x: 2\n")
	m.palette.Hang()
	m.spec().Palette.SyncTimeout = 200 * time.Millisecond
	r := follow()
	if *r.Summary.Palette != (executor.PaletteCounts{Visible: 1, TimedOut: 1}) || r.Palette.Registries[0].State != executor.SyncTimedOut {
		t.Errorf("timed out: %+v", r.Palette)
	}
	m.palette.Release()
	m.spec().Palette.SyncTimeout = time.Minute
	if r := follow(); *r.Summary.Palette != (executor.PaletteCounts{Visible: 2}) || r.Summary.Pushed != 0 {
		t.Errorf("once more: %+v", r.Palette)
	}
}

func TestPaletteWithoutAKey(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{})
	for _, key := range []string{"", "two\nlines", "wrong"} {
		m.env["KEY"] = key
		s := m.sync(executor.SyncOptions{})
		if s.State != executor.SyncUnknown || !errors.Is(s.Err, registry.ErrUnauthorized) || s.Hint == "" || strings.Contains(s.Error, "two") {
			t.Errorf("key %q: %+v", key, s)
		}
	}
	m.catalog.Palette = nil
	if s := m.sync(executor.SyncOptions{}); !strings.Contains(s.Error, "names no API key") || s.Palette != "api.spectrocloud.com" {
		t.Errorf("no palette: at all: %+v", s)
	}
	m.spec().Palette = nil
	if _, err := m.executor(m.onPalette()).PaletteSync(t.Context(), executor.SyncOptions{}); !errors.Is(err, executor.ErrNoPalette) {
		t.Errorf("no registry with one: %v", err)
	}
}
