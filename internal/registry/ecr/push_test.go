package ecr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// pushMany pushes versions of a pack at once and returns the first error.
func pushMany(t *testing.T, r *ecr.Registry, n int) error {
	t.Helper()
	if err := r.CreateRepository(t.Context(), base+"/many"); err != nil {
		t.Fatal(err)
	}
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(8)
	for i := range n {
		a := pack(t, "many", fmt.Sprintf("content %d", i))
		g.Go(func() error {
			_, err := r.Push(ctx, base+"/many", fmt.Sprintf("1.0.%d", i), a, registry.Hint{})
			return err
		})
	}
	return g.Wait()
}

func TestPushAndRead(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{SameHostLayers: true}, nil) // another port of the same host must not get the token either
	a := push(t, r, strings.Repeat("layer ", 1000))
	desc, raw, err := r.Manifest(t.Context(), base+"/nginx", "1.0.0")
	if err != nil || desc.Digest != a.Manifest.Digest || string(raw) != string(a.Bytes) {
		t.Fatalf("manifest %+v: %v", desc, err)
	}
	rc, err := r.Blob(t.Context(), base+"/nginx", a.Layer.Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(rc)
	if err := errors.Join(err, rc.Close()); err != nil || len(got) != 6000 {
		t.Errorf("layer of %d bytes: %v", len(got), err)
	}
	if n := s.Count("GetLayer"); n != 1 {
		t.Errorf("%d requests to the layer storage, want 1", n)
	}
	tags, err := r.Tags(t.Context(), base+"/nginx")
	if err != nil || len(tags) != 1 {
		t.Errorf("tags %v: %v", tags, err)
	}
	if n := s.Count("GetAuthorizationToken"); n != 1 {
		t.Errorf("%d tokens, want one for the run", n)
	}
}

func TestImmutableTags(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository.TagMutability = "IMMUTABLE" })
	push(t, r, "first")
	_, err := r.Push(t.Context(), base+"/nginx", "1.0.0", pack(t, "nginx", "second"), registry.Hint{})
	if !errors.Is(err, registry.ErrImmutable) {
		t.Errorf("other content under an immutable tag: %v", err)
	}
	if n := s.Count("PutImage"); n != 2 {
		t.Errorf("%d manifests were written, a refusal is not tried again", n)
	}
	if got, err := r.Immutable(t.Context(), base+"/nginx", "1.0.0"); !got || err != nil {
		t.Errorf("immutable: %v, %v", got, err)
	}
}

func TestTokensThatExpireInTheMiddle(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{TokenUses: 7, TagsPageSize: 3, PutImageRate: -1}, func(r *manifest.Registry, _ *ecr.Options) {
		r.Limits.RequestsPerSecond = 10000
	})
	if err := pushMany(t, r, 20); err != nil {
		t.Fatal(err)
	}
	if tags, err := r.Tags(t.Context(), base+"/many"); err != nil || len(tags) != 20 {
		t.Errorf("%d versions are there, want 20: %v", len(tags), err)
	}
	tokens, requests := s.Count("GetAuthorizationToken"), s.Count()
	if tokens < 3 || tokens > requests/5 {
		t.Errorf("%d tokens for %d requests", tokens, requests)
	}
}

// TestTokensAreRenewedBeforeTheyEnd moves the clock of the client.
func TestTokensAreRenewedBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	s, r := start(t, ecrtest.Options{TokenTTL: time.Hour}, func(_ *manifest.Registry, o *ecr.Options) {
		o.Clock.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	ask := func() {
		t.Helper()
		if _, err := r.HasRepository(t.Context(), base); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	ahead.Store(int64(40 * time.Minute))
	ask()
	if n := s.Count("GetAuthorizationToken"); n != 1 {
		t.Errorf("%d tokens after 40 of 60 minutes, want 1", n)
	}
	ahead.Store(int64(50 * time.Minute))
	ask()
	if n := s.Count("GetAuthorizationToken"); n != 2 {
		t.Errorf("%d tokens after 50 of 60 minutes, want 2", n)
	}
}

func TestThrottlingOfTheRegistry(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{PutImageRate: 50}, func(r *manifest.Registry, _ *ecr.Options) {
		r.Limits.RequestsPerSecond = 10000 // far more than the account may
	})
	s.Throttle("InitiateLayerUpload", 3)
	if err := pushMany(t, r, 60); err != nil {
		t.Fatal(err)
	}
	if tags := s.Registry(dev, region).ImageTags(base + "/many"); len(tags) != 60 {
		t.Errorf("%d versions are there, want 60", len(tags))
	}
}

// TestQuotaUsedUpByOthers refuses far more manifests than a request is otherwise
// tried for.
func TestQuotaUsedUpByOthers(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	begin := time.Now()
	s, r := start(t, ecrtest.Options{PutImageRate: -1}, func(_ *manifest.Registry, o *ecr.Options) {
		o.Clock.Now = func() time.Time { return begin.Add(time.Duration(ahead.Load())) }
		o.Clock.Sleep = func(ctx context.Context, d time.Duration) error {
			ahead.Add(int64(d / 10)) // many wait at once
			return context.Cause(ctx)
		}
	})
	s.Throttle("PutImage", 100)
	if err := pushMany(t, r, 5); err != nil {
		t.Fatal(err)
	}
	if tags := s.Registry(dev, region).ImageTags(base + "/many"); len(tags) != 5 {
		t.Errorf("%d versions are there, want 5", len(tags))
	}
	if n := s.Count("PutImage"); n != 105 {
		t.Errorf("%d manifests were sent, want 105", n)
	}
	s.Throttle("PutImage", 1<<30)
	err := pushMany(t, r, 1)
	wantError(t, err, nil, "TOOMANYREQUESTS")
	if waited := time.Duration(ahead.Load()); waited < 4*time.Minute {
		t.Errorf("given up after %v", waited)
	}
}

// TestWriteRate counts what the limiter lets through on a clock that stands
// still: the waits that it asks for must add up.
func TestWriteRate(t *testing.T) {
	t.Parallel()
	var waited atomic.Int64
	now := time.Now()
	record := func(_ *manifest.Registry, o *ecr.Options) {
		o.Clock.Now = func() time.Time { return now }
		o.Clock.Sleep = func(_ context.Context, d time.Duration) error {
			for old := waited.Load(); int64(d) > old; old = waited.Load() {
				waited.CompareAndSwap(old, int64(d))
			}
			return nil
		}
	}
	_, r := start(t, ecrtest.Options{PutImageRate: -1}, record)
	if err := pushMany(t, r, 20); err != nil {
		t.Fatal(err)
	}
	got, want := time.Duration(waited.Load()), time.Duration(19/ecr.DefaultPutImageRate*float64(time.Second))
	if got < want-time.Millisecond || got > want+time.Millisecond {
		t.Errorf("the last of 20 manifests waits %s, want %s", got, want)
	}
}

// TestWriteRateIsSharedByRegistriesOfOneAccount has two registries of packs.yaml
// in one account; a shard has its part.
func TestWriteRateIsSharedByRegistriesOfOneAccount(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var longest time.Duration
	s := ecrtest.Start(t, ecrtest.Options{PutImageRate: -1})
	o := options(t, s, ecrtest.User(dev))
	o.Share = 0.5
	o.Clock = transport.Clock{Now: func() time.Time { return now }, Sleep: func(_ context.Context, d time.Duration) error {
		longest = max(longest, d)
		return nil
	}}
	for i := range 6 {
		r := spec(dev, region)
		r.Name, r.RepositoryPrefix = fmt.Sprint(i%2), fmt.Sprintf("prefix-%d", i%2)
		r.Limits.RequestsPerSecond = 2 * float64(1+i%2)
		reg := open(t, r, o)
		name := r.Base() + "/nginx"
		if err := reg.CreateRepository(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if _, err := reg.Push(t.Context(), name, fmt.Sprint(i), pack(t, "nginx", fmt.Sprint(i)), registry.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	if want := 5 * time.Second; longest != want { // one a second: the lower rate, halved
		t.Errorf("the sixth manifest waits %s, want %s", longest, want)
	}
	if n := s.Count("GetAuthorizationToken"); n != 1 {
		t.Errorf("%d tokens for two registries of one account, want 1", n)
	}
}

// TestLostUploadSession fails the PUT of a layer after it arrived: the session
// cannot be used again.
func TestLostUploadSession(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	s.Fail("CompleteLayerUpload", 2, 416, "BLOB_UPLOAD_INVALID", "First byte of the layer part is 0 instead of 5")
	push(t, r, "content")
	if n := s.Count("InitiateLayerUpload"); n < 3 {
		t.Errorf("%d upload sessions, want a new one for each try", n)
	}
	if tags := s.Registry(dev, region).ImageTags(base + "/nginx"); len(tags) != 1 {
		t.Errorf("tags %v", tags)
	}
}

func TestMissingPermissions(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"ecr:GetAuthorizationToken", "ecr:CreateRepository", "ecr:InitiateLayerUpload", "ecr:CompleteLayerUpload", "ecr:PutImage"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			user := ecrtest.User(dev)
			user.Policy = `{"Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"},{"Effect":"Deny","Action":"` + action + `","Resource":"*"}]}`
			_, r := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, nil)
			err := r.CreateRepository(t.Context(), base+"/nginx")
			if err == nil {
				_, err = r.Push(t.Context(), base+"/nginx", "1.0.0", pack(t, "nginx", "x"), registry.Hint{})
			}
			resource := "arn:aws:ecr:us-east-1:111111111111:repository/" + base + "/nginx"
			if action == "ecr:GetAuthorizationToken" {
				resource = "*"
			}
			wantError(t, err, registry.ErrDenied, "arn:aws:iam::111111111111:user/packs may not do "+action,
				`{"Effect":"Allow","Action":"`+action+`","Resource":"`+resource+`"}`)
		})
	}
}

// work does everything that a publisher does.
func work(t *testing.T, r *ecr.Registry) error {
	t.Helper()
	ctx := t.Context()
	if _, err := r.HasRepository(ctx, base); err != nil {
		return err
	}
	for _, name := range []string{base, base + "/nginx"} {
		if err := r.CreateRepository(ctx, name); err != nil {
			return err
		}
	}
	a := pack(t, "nginx", "content")
	if _, err := r.Push(ctx, base+"/nginx", "1.0.0", a, registry.Hint{}); err != nil {
		return err
	}
	if _, _, err := r.Manifest(ctx, base+"/nginx", "1.0.0"); err != nil {
		return err
	}
	rc, err := r.Blob(ctx, base+"/nginx", a.Layer.Descriptor)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, rc); err != nil {
		return errors.Join(err, rc.Close())
	}
	if err := rc.Close(); err != nil {
		return err
	}
	if _, err := r.Tags(ctx, base+"/nginx"); err != nil {
		return err
	}
	if _, err := r.Immutable(ctx, base+"/nginx", "1.0.0"); err != nil {
		return err
	}
	if _, err := r.Differences(ctx, []string{base, base + "/nginx"}); err != nil {
		return err
	}
	return r.UpdateRepository(ctx, base)
}

// TestThePublisherPolicyIsEnough runs with exactly what PublisherPolicy allows.
func TestThePublisherPolicyIsEnough(t *testing.T) {
	t.Parallel()
	want := full(t)
	want.EncryptionType, want.KMSKey = "", ""
	r := spec(dev, region)
	r.ECR.Repository = want
	text, err := ecr.PublisherPolicy([]*manifest.Registry{r}, ecr.Uses{UpdateRepositories: true}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	user := ecrtest.User(dev)
	// On a test server the account is asked for, not read from the host name.
	user.Policy = strings.Replace(string(text), `"ecr:GetAuthorizationToken"`, `"ecr:GetAuthorizationToken", "ecr:DescribeRegistry"`, 1)
	s, reg := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, func(r *manifest.Registry, _ *ecr.Options) { r.ECR.Repository = want })
	s.Registry(dev, region).Put(ecrtest.Repository{Name: base}) // with other settings, to be updated
	if err := work(t, reg); err != nil {
		t.Fatalf("%v\nwith the policy\n%s", err, text)
	}
	err = reg.CreateRepository(t.Context(), "elsewhere/x")
	wantError(t, err, registry.ErrDenied, "ecr:CreateRepository")
}
