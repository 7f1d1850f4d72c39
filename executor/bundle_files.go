package executor

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/internal/version"
)

// bundleFile is a file of a bundle with its bytes, or where they come from.
type bundleFile struct {
	bundle.File
	data []byte             // nil for a blob
	from *copied            // whose repository holds the blob
	blob ocispec.Descriptor // as its manifest names it
}

func plainFile(path string, data []byte) bundleFile {
	sum := sha256.Sum256(data)
	return bundleFile{File: bundle.File{Path: path, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}, data: data}
}

func compareCopied(a, b *copied) int {
	return cmp.Or(cmp.Compare(a.name, b.name), version.Compare(a.version, b.version))
}

// bundleCatalog is packs.yaml in a bundle: what the other side starts from.
const bundleCatalog = `# Publishes the packs of a bundle to a registry. Put this file beside the bundle,
# set BUNDLE where that is not called bundle.tar, and SITE_REGISTRY to HOST[:PORT]:
#   packs plan
#   packs apply
#   packs verify --deep
apiVersion: packs/v1
kind: Catalog
registries:
  - name: bundle
    type: layout
    path: ${BUNDLE:-./bundle.tar}
  - name: site
    type: oci
    host: ${SITE_REGISTRY}
packs:
  - from: {registry: bundle}
    registries: [site]
`

// describeHead adds the files that tell of the others.
func (b *bundling) describeHead() error {
	all := make([]pins.Pin, len(b.versions))
	for i, c := range b.versions {
		all[i] = pins.Pin{Name: c.name, Version: c.version, Manifest: c.seen.info.Manifest.Digest, Content: c.content}
	}
	var list bytes.Buffer
	if err := pins.Write(&list, all); err != nil {
		return err
	}
	told := *b.report
	told.Tool, told.LeftOut = "", nil // the same packs give the same bytes
	told.Summary.Present, told.Summary.LeftOut = 0, 0
	report, err := json.MarshalIndent(told, "", "  ")
	if err != nil {
		return err
	}
	catalog := bundleCatalog
	if told.Summary.Referrers > 0 {
		catalog += "    referrers: true\n"
	}
	b.files = append(b.files,
		plainFile("packs.yaml", []byte(catalog)), plainFile("packs.pins", list.Bytes()), plainFile("report.json", append(report, '\n')))
	return nil
}

// layoutFiles are the files of the OCI image layout of one pack: what says that it
// is one, its tags, then all blobs by digest.
func layoutFiles(dir string, versions []*copied) ([]bundleFile, error) {
	l := &bundledLayout{dir: dir, blobs: make(map[digest.Digest]bundleFile)}
	for _, c := range versions {
		desc := c.seen.info.Manifest
		var m ocispec.Manifest
		if err := json.Unmarshal(c.raw, &m); err != nil {
			return nil, fmt.Errorf("%s:%s: its manifest is not valid JSON: %w", c.name, c.version, err)
		}
		desc.Size = int64(len(c.raw))
		l.tag(c.version, desc)
		if err := l.manifest(c, desc.Digest, c.raw, append([]ocispec.Descriptor{m.Config}, m.Layers...)); err != nil {
			return nil, err
		}
		if err := l.beside(c); err != nil {
			return nil, err
		}
		c.raw, c.carried = nil, nil // kept by their files
	}
	return l.files()
}

// bundledLayout is the OCI image layout of one pack, as it is put together.
type bundledLayout struct {
	dir  string
	tags []ocispec.Descriptor
	// blobs are manifests as well: a layout keeps both in one place.
	blobs map[digest.Digest]bundleFile
}

func (l *bundledLayout) tag(tag string, desc ocispec.Descriptor) {
	l.tags = append(l.tags, ocispec.Descriptor{
		MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size,
		Annotations: map[string]string{ocispec.AnnotationRefName: tag},
	})
}

// manifest adds a manifest with the blobs that it names.
func (l *bundledLayout) manifest(c *copied, d digest.Digest, raw []byte, blobs []ocispec.Descriptor) error {
	l.blobs[d] = plainFile(blobIn(l.dir, d), raw)
	for _, blob := range blobs {
		if err := blob.Digest.Validate(); err != nil || blob.Digest.Algorithm() != digest.SHA256 || blob.Size < 0 {
			return fmt.Errorf("%s:%s: manifest %s names a blob %.100q of %d bytes: only SHA-256 can be carried", c.name, c.version, d, string(blob.Digest), blob.Size)
		}
		if _, known := l.blobs[blob.Digest]; !known {
			file := bundle.File{Path: blobIn(l.dir, blob.Digest), Size: blob.Size, SHA256: blob.Digest.Encoded()}
			l.blobs[blob.Digest] = bundleFile{File: file, from: c, blob: blob}
		}
	}
	return nil
}

// beside adds what belongs to a version. Two versions that are one manifest share it.
func (l *bundledLayout) beside(c *copied) error {
	for i := range c.carried {
		s := &c.carried[i]
		if slices.ContainsFunc(l.tags, func(d ocispec.Descriptor) bool { return d.Annotations[ocispec.AnnotationRefName] == s.tag }) {
			continue
		}
		l.tag(s.tag, s.desc)
		if s.list != nil {
			l.blobs[s.desc.Digest] = plainFile(blobIn(l.dir, s.desc.Digest), s.list)
		}
		for _, a := range s.manifests {
			blobs := append(make([]ocispec.Descriptor, 0, 1+len(a.Others)), a.Config.Descriptor)
			for _, o := range a.Others {
				blobs = append(blobs, o.Descriptor)
			}
			if err := l.manifest(c, a.Manifest.Digest, a.Bytes, blobs); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *bundledLayout) files() ([]bundleFile, error) {
	text, err := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: l.tags})
	if err != nil {
		return nil, err
	}
	mark, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return nil, err
	}
	files := []bundleFile{plainFile(l.dir+"/"+ocispec.ImageLayoutFile, mark), plainFile(l.dir+"/"+ocispec.ImageIndexFile, text)}
	for _, f := range l.blobs {
		files = append(files, f)
	}
	slices.SortFunc(files[2:], func(a, b bundleFile) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

func blobIn(dir string, d digest.Digest) string {
	return dir + "/" + ocispec.ImageBlobsDir + "/" + d.Algorithm().String() + "/" + d.Encoded()
}

const (
	// smallBlob is up to which size a blob is fetched before it is its turn.
	smallBlob = 4 << 20
	// aheadBytes is how many bytes of such blobs are held in memory.
	aheadBytes = 32 << 20
)

// prefetch reads small blobs before they are written, several at once: the files
// of a bundle have a fixed order, and a registry that is far away answers slowly.
type prefetch struct {
	*bundling
	room  *semaphore.Weighted
	ready []chan fetchedBlob // by file; nil for those that are not fetched ahead
	group errgroup.Group
}

type fetchedBlob struct {
	data []byte
	err  error
}

func (b *bundling) fetchAhead(ctx context.Context) *prefetch {
	p := &prefetch{bundling: b, room: semaphore.NewWeighted(aheadBytes), ready: make([]chan fetchedBlob, len(b.files))}
	for i := range b.files {
		if f := &b.files[i]; f.from != nil && f.Size <= smallBlob {
			p.ready[i] = make(chan fetchedBlob, 1)
		}
	}
	var blobs errgroup.Group
	blobs.SetLimit(concurrency(b.source.spec))
	p.group.Go(func() error {
		for i, ready := range p.ready {
			if ready == nil {
				continue
			}
			// In the order of writing: who waits for room waits for what is written before.
			if err := p.room.Acquire(ctx, p.files[i].Size); err != nil {
				ready <- fetchedBlob{err: context.Cause(ctx)}
				continue
			}
			blobs.Go(func() error {
				data, err := p.read(ctx, i)
				ready <- fetchedBlob{data, err}
				return nil
			})
		}
		return blobs.Wait()
	})
	return p
}

func (p *prefetch) read(ctx context.Context, i int) (data []byte, err error) {
	r, err := p.blob(ctx, i)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
	}()
	data = make([]byte, p.files[i].Size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("%s: %w", p.files[i].Path, err)
	}
	_, err = io.Copy(io.Discard, r) // to the end, where its digest is checked
	return data, err
}

func (p *prefetch) blob(ctx context.Context, i int) (io.ReadCloser, error) {
	f := &p.files[i]
	return p.source.Blob(ctx, f.from.repository, f.blob)
}

// open returns the bytes of a file.
func (p *prefetch) open(ctx context.Context, i int) (io.ReadCloser, error) {
	switch f := &p.files[i]; {
	case f.from == nil:
		return reader(f.data), nil
	case p.ready[i] == nil:
		return p.blob(ctx, i)
	}
	got := <-p.ready[i]
	return reader(got.data), got.err
}

// done makes room for further blobs.
func (p *prefetch) done(i int) {
	if p.ready[i] != nil {
		p.room.Release(p.files[i].Size)
	}
}

// wait ends when nothing is fetched any more.
func (p *prefetch) wait() { _ = p.group.Wait() }
