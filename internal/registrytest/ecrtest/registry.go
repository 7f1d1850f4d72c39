package ecrtest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Registry is the private registry of an account in a region.
type Registry struct {
	Account string
	Region  string
	Host    string // where its data plane listens: 127.0.0.1:PORT

	server *Server
	put    *rate.Limiter

	startOnce sync.Once
	upstream  *backend
	startErr  error

	mu           sync.Mutex
	repositories map[string]*Repository
	uploads      map[string]*upload
	tagging      sync.Mutex // held while a manifest is written
}

// Repository is a repository with its settings and images.
type Repository struct {
	Name             string
	TagMutability    string // MUTABLE, IMMUTABLE, or one of them with _WITH_EXCLUSION
	ExclusionFilters []string
	ScanOnPush       bool
	EncryptionType   string
	KMSKey           string // always the ARN of a key
	Tags             map[string]string
	LifecyclePolicy  string
	Policy           string
	CreatedAt        time.Time

	images map[string]*image // by digest
}

// image is a manifest that was pushed.
type image struct {
	digest    string
	mediaType string
	config    string // media type of its config
	size      int64  // of manifest, config and layers
	subject   string // digest of the manifest that it belongs to
	length    int64  // of the manifest
	tags      map[string]bool
	pushedAt  time.Time
}

func (s *Server) newRegistry(account, region string) *Registry {
	limit, burst := rate.Limit(s.opts.PutImageRate), max(1, int(s.opts.PutImageRate))
	if s.opts.PutImageRate < 0 {
		limit = rate.Inf
	}
	return &Registry{
		Account: account, Region: region, server: s, put: rate.NewLimiter(limit, burst),
		repositories: make(map[string]*Repository), uploads: make(map[string]*upload),
	}
}

// backend returns the registry server behind, started when it is first needed.
func (r *Registry) backend() (*backend, error) {
	r.startOnce.Do(func() { r.upstream, r.startErr = startBackend(r.server.ctx, r.server.opts.Binary) })
	return r.upstream, r.startErr
}

func (r *Registry) close() error {
	r.startOnce.Do(func() {}) // too late to start
	if r.upstream == nil {
		return nil
	}
	return r.upstream.close()
}

func arn(region, account, repository string) string {
	return fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", partition(region), region, account, repository)
}

func (r *Registry) arn(repository string) string { return arn(r.Region, r.Account, repository) }

// uri is how a repository is addressed by OCI clients, without scheme.
func (r *Registry) uri(repository string) string { return r.address() + "/" + repository }

// address is the host of the registry as the API says it.
func (r *Registry) address() string {
	if r.server.opts.TLS {
		return r.Account + ".dkr.ecr." + r.Region + "." + suffix(r.Region)
	}
	return r.Host
}

// Put makes a repository, or replaces the settings of one that is there.
func (r *Registry) Put(repo Repository) {
	r.mu.Lock()
	defer r.mu.Unlock()
	repo.images = make(map[string]*image)
	if old := r.repositories[repo.Name]; old != nil {
		repo.images = old.images
	}
	if repo.TagMutability == "" {
		repo.TagMutability = "MUTABLE"
	}
	if repo.EncryptionType == "" {
		repo.EncryptionType = "AES256"
	}
	if repo.CreatedAt.IsZero() {
		repo.CreatedAt = r.server.opts.Now()
	}
	r.repositories[repo.Name] = &repo
}

// Repository returns a copy of a repository's settings.
func (r *Registry) Repository(name string) (Repository, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repositories[name]
	if repo == nil {
		return Repository{}, false
	}
	c := *repo
	c.Tags, c.images = maps.Clone(repo.Tags), nil
	return c, true
}

// Names lists the repositories, sorted.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.repositories))
}

// ImageTags lists the tags of a repository, sorted.
func (r *Registry) ImageTags(repository string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var tags []string
	if repo := r.repositories[repository]; repo != nil {
		for _, i := range repo.images {
			tags = slices.AppendSeq(tags, maps.Keys(i.tags))
		}
	}
	slices.Sort(tags)
	return tags
}

// Digests lists the digests of the manifests of a repository, sorted.
func (r *Registry) Digests(repository string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repositories[repository]
	if repo == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(repo.images))
}

// immutable tells whether a tag that is there cannot be written again.
func (repo *Repository) immutable(tag string) bool {
	excluded := slices.ContainsFunc(repo.ExclusionFilters, func(f string) bool { return wildcard(f, tag) })
	switch repo.TagMutability {
	case "IMMUTABLE":
		return true
	case "IMMUTABLE_WITH_EXCLUSION":
		return !excluded
	case "MUTABLE_WITH_EXCLUSION":
		return excluded
	}
	return false
}

func (repo *Repository) tagged(tag string) *image {
	for _, i := range repo.images {
		if i.tags[tag] {
			return i
		}
	}
	return nil
}

// add records a manifest that was written, under a tag or by its digest alone.
func (repo *Repository) add(i image, tag string) {
	if old := repo.tagged(tag); old != nil {
		delete(old.tags, tag)
	}
	held := repo.images[i.digest]
	if held == nil {
		held = &i
		held.tags = make(map[string]bool)
		repo.images[i.digest] = held
	}
	if tag != "" {
		held.tags[tag] = true
	}
}
