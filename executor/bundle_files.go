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
	b.files = append(b.files,
		plainFile("packs.yaml", []byte(bundleCatalog)), plainFile("packs.pins", list.Bytes()), plainFile("report.json", append(report, '\n')))
	return nil
}

// layoutFiles are the files of the OCI image layout of one pack: what says that it
// is one, its tags, then all blobs by digest.
func layoutFiles(dir string, versions []*copied) ([]bundleFile, error) {
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	blobs := make(map[digest.Digest]bundleFile)
	for _, c := range versions {
		desc := c.seen.info.Manifest
		var m ocispec.Manifest
		if err := json.Unmarshal(c.raw, &m); err != nil {
			return nil, fmt.Errorf("%s:%s: its manifest is not valid JSON: %w", c.name, c.version, err)
		}
		index.Manifests = append(index.Manifests, ocispec.Descriptor{
			MediaType: desc.MediaType, Digest: desc.Digest, Size: int64(len(c.raw)),
			Annotations: map[string]string{ocispec.AnnotationRefName: c.version},
		})
		blobs[desc.Digest] = plainFile(blobIn(dir, desc.Digest), c.raw)
		for _, d := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
			if err := d.Digest.Validate(); err != nil || d.Digest.Algorithm() != digest.SHA256 || d.Size < 0 {
				return nil, fmt.Errorf("%s:%s: its manifest names a blob %.100q of %d bytes: only SHA-256 can be carried", c.name, c.version, d.Digest, d.Size)
			}
			if _, known := blobs[d.Digest]; !known {
				file := bundle.File{Path: blobIn(dir, d.Digest), Size: d.Size, SHA256: d.Digest.Encoded()}
				blobs[d.Digest] = bundleFile{File: file, from: c, blob: d}
			}
		}
		c.raw = nil // kept by its file
	}
	text, err := json.Marshal(index)
	if err != nil {
		return nil, err
	}
	mark, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return nil, err
	}
	files := []bundleFile{plainFile(dir+"/"+ocispec.ImageLayoutFile, mark), plainFile(dir+"/"+ocispec.ImageIndexFile, text)}
	for _, f := range blobs {
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
