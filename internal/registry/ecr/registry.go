package ecr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Registry is one registry of type ecr.
type Registry struct {
	spec    *manifest.Registry
	opts    *Options
	session *session
	listing listing

	mu     sync.Mutex
	inner  registry.Registry // nil before the first use
	home   *home
	wished *settings
}

var (
	_ registry.Registry          = (*Registry)(nil)
	_ registry.RepositoryCreator = (*Registry)(nil)
	_ registry.RepositorySettler = (*Registry)(nil)
	_ registry.TagGuard          = (*Registry)(nil)
	_ registry.Addresser         = (*Registry)(nil)
	_ registry.Lister            = (*Registry)(nil)
)

// ErrPublic says that a host is that of Amazon ECR Public.
var ErrPublic = errors.New("Amazon ECR Public is not supported: it has another API, and Palette reads private registries") //nolint:staticcheck // begins with a name

// New returns a registry. It contacts nothing; what is wrong with its host is
// an error.
func New(spec *manifest.Registry, o Options) (*Registry, error) {
	if spec.ECR == nil {
		return nil, fmt.Errorf("registry %s: type %s has no settings of Amazon ECR", spec.Name, spec.Type)
	}
	if err := checkHost(spec); err != nil {
		return nil, fmt.Errorf("registry %s: %w", spec.Name, err)
	}
	o.setDefaults()
	return &Registry{spec: spec, opts: &o, session: o.Accounts.session(identityOf(spec), &o)}, nil
}

// checkHost compares a host that is given with account and region.
func checkHost(spec *manifest.Registry) error {
	if spec.Host == "" {
		return nil
	}
	if ecrhost.IsPublic(spec.Host) {
		return ErrPublic
	}
	h, ok := ecrhost.Parse(spec.Host)
	if !ok {
		if _, local := ecrhost.Loopback("http://" + spec.Host); local {
			return nil
		}
		return fmt.Errorf("host %s is none of Amazon ECR (ACCOUNT.dkr.ecr.REGION.amazonaws.com): no AWS login goes there", spec.Host)
	}
	e := spec.ECR
	if e.Account != "" && e.Account != h.Account {
		return fmt.Errorf("%w: host %s is of account %s, account: says %s", ErrAccount, spec.Host, h.Account, e.Account)
	}
	if e.Region != "" && e.Region != h.Region {
		return fmt.Errorf("host %s is in region %s, region: says %s", spec.Host, h.Region, e.Region)
	}
	return nil
}

// connect logs in, makes sure that the login is for the right account, and
// returns where the registry is. From the second time on it costs nothing.
func (r *Registry) connect(ctx context.Context) (*home, error) {
	_, t, err := r.session.login(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inner != nil {
		return r.home, nil
	}
	host, err := r.hostFor(&t.home)
	if err != nil {
		return nil, &registry.Error{Op: "use", Ref: "registry " + r.spec.Name, Err: err, Hint: r.accountHint(err)}
	}
	h := t.home
	h.hostPort = host
	if r.spec.ECR.CrossAccount && r.spec.ECR.Account != "" {
		h.account = r.spec.ECR.Account
	}
	perSecond := r.spec.Limits.RequestsPerSecond
	if perSecond <= 0 {
		perSecond = DefaultPutImageRate
	}
	pace := r.opts.Accounts.rate(h.account+"/"+h.region+"/"+t.home.hostPort, perSecond*r.opts.Share, r.opts.Clock)
	inner, err := r.open(host, strings.HasPrefix(h.endpoint, "http://"), pace)
	if err != nil {
		return nil, err
	}
	r.inner, r.home = inner, &h
	return r.home, nil
}

// hostFor returns the host to talk to for a token, after it made sure that the
// token is one for the wanted account and may go there.
func (r *Registry) hostFor(h *home) (string, error) {
	e := r.spec.ECR
	want := e.Account
	given, named := ecrhost.Parse(r.spec.Host)
	if named && want == "" {
		want = given.Account
	}
	if want != "" && want != h.account && !e.CrossAccount {
		return "", fmt.Errorf("%w: packs.yaml wants account %s, that of %v is %s", ErrAccount, want, &r.session.id, h.account)
	}
	if h.hostPort != "" { // API and registry are on this machine
		if r.spec.Host != "" && !named && r.spec.Host != h.hostPort {
			return "", fmt.Errorf("host is %s, the API on this machine says %s", r.spec.Host, h.hostPort)
		}
		return h.hostPort, nil
	}
	if r.spec.Host != "" && !named {
		return "", fmt.Errorf("host %s is on this machine, the API says %s", r.spec.Host, h.endpoint)
	}
	if named {
		return r.spec.Host, nil
	}
	if want == "" {
		want = h.account
	}
	return ecrhost.Host{Account: want, Region: h.region, FIPS: e.FIPS, DualStack: e.DualStack}.Name()
}

func (r *Registry) accountHint(err error) string {
	if !errors.Is(err, ErrAccount) {
		return ""
	}
	return "set aws: {profile: …} or {roleArn: …} of that account; crossAccount: true where these credentials may write to the other account"
}

// Address returns the host of the registry.
func (r *Registry) Address(ctx context.Context) (string, error) {
	h, err := r.connect(ctx)
	if err != nil {
		return "", err
	}
	return h.hostPort, nil
}

// ref names a repository for messages: HOST/REPOSITORY.
func (r *Registry) ref(h *home, repository string) string {
	if repository == "" {
		return h.hostPort
	}
	return h.hostPort + "/" + repository
}

func (r *Registry) arn(h *home, repository string) string {
	return fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", ecrhost.Partition(h.region), h.region, h.account, repository)
}

// registryID is sent where the registry is in another account than the credentials.
func (r *Registry) registryID() *string {
	if r.spec.ECR.CrossAccount && r.spec.ECR.Account != "" {
		return &r.spec.ECR.Account
	}
	return nil
}

// settings reads what packs.yaml wishes of repositories, once.
func (r *Registry) settings() (*settings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wished != nil {
		return r.wished, nil
	}
	w, err := wishes(&r.spec.ECR.Repository)
	if err != nil {
		return nil, err
	}
	r.wished = w
	return w, nil
}

// use returns the registry behind, connected.
func (r *Registry) use(ctx context.Context) (registry.Registry, error) {
	if _, err := r.connect(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inner, nil
}

// Manifest reads a manifest.
func (r *Registry) Manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	desc, raw, err := inner.Manifest(ctx, repository, reference)
	return desc, raw, r.refused(err)
}

// Blob opens a blob.
func (r *Registry) Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return nil, err
	}
	rc, err := inner.Blob(ctx, repository, desc)
	return rc, r.refused(err)
}

// Push uploads an artifact. Manifests are written no faster than the account's
// quota allows, however many others share it.
func (r *Registry) Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (int64, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return 0, err
	}
	sent, err := inner.Push(ctx, repository, tag, a, hint)
	return sent, r.refused(err)
}

// Tags lists the tags of a repository.
func (r *Registry) Tags(ctx context.Context, repository string) ([]string, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := inner.Tags(ctx, repository)
	return tags, r.refused(err)
}

// Close frees connections.
func (r *Registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inner == nil {
		return nil
	}
	return r.inner.Close()
}

// refused explains a refusal of the registry: which permission is missing, and
// how to give it.
func (r *Registry) refused(err error) error {
	var status *transport.StatusError
	var known *PermissionError
	if err == nil || errors.As(err, &known) || !errors.As(err, &status) {
		return err
	}
	p := permission(status.Message())
	if p == nil {
		return err
	}
	out := &registry.Error{Op: "use", Ref: status.Host, Err: p, Hint: p.Hint()}
	var e *registry.Error
	if errors.As(err, &e) {
		out.Op, out.Ref = e.Op, e.Ref
	}
	return out
}
