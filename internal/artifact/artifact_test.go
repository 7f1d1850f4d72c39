package artifact

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The golden manifests fix the bytes that registries get: another byte is
// another digest, and every version that was ever published would look new.
const (
	golden10 = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.unknown.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","size":1,"annotations":{"org.opencontainers.image.title":"x-1.0.0.tar.gz"}}],"annotations":{"com.github.packs-cli.packs.content-digest":"v1:sha256:aa","org.opencontainers.image.created":"1970-01-01T00:00:00Z"}}`
	golden11 = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.unknown.artifact.v1","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","size":1,"annotations":{"org.opencontainers.image.title":"x-1.0.0.tar.gz"}}],"annotations":{"org.opencontainers.image.created":"1970-01-01T00:00:00Z"}}`
	// goldenEmpty is the digest of the empty artifact at the base path.
	goldenEmpty = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.unknown.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[],"annotations":{"org.opencontainers.image.created":"1970-01-01T00:00:00Z"}}`
)

func TestManifestsAreGolden(t *testing.T) {
	t.Parallel()
	layer := Bytes("ignored", []byte("x"))
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"default", Options{ContentDigest: "v1:sha256:aa"}, golden10},
		{"oras-1.0", Options{Shape: Shape10, ContentDigest: "v1:sha256:aa"}, golden10},
		{"oras-1.1 without annotation", Options{Shape: Shape11}, golden11},
	}
	for _, tt := range tests {
		a, err := New(layer, Title("x", "1.0.0"), tt.o)
		if err != nil {
			t.Fatal(err)
		}
		if string(a.Bytes) != tt.want {
			t.Errorf("%s: manifest\n%s\nwant\n%s", tt.name, a.Bytes, tt.want)
		}
		if a.Manifest.Digest != digest.FromBytes(a.Bytes) || a.Manifest.Size != int64(len(a.Bytes)) {
			t.Errorf("%s: descriptor %+v does not describe the bytes", tt.name, a.Manifest)
		}
	}
	if got := string(Empty().Bytes); got != goldenEmpty {
		t.Errorf("empty artifact\n%s\nwant\n%s", got, goldenEmpty)
	}
}

func TestConfigBlobMatchesItsDescriptor(t *testing.T) {
	t.Parallel()
	rc, err := Empty().Config.Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	if d := Empty().Config.Digest; d != digest.FromBytes(b) {
		t.Errorf("config %s holds %q", d, b)
	}
}

func TestNewRefusesUnknownShapes(t *testing.T) {
	t.Parallel()
	_, err := New(Bytes("", nil), "t", Options{Shape: "oras-9"})
	if err == nil || !strings.Contains(err.Error(), `"oras-9"`) {
		t.Errorf("error %v, want one that names the shape", err)
	}
}

func TestInspectReadsWhatNewWrites(t *testing.T) {
	t.Parallel()
	for _, shape := range []Shape{Shape10, Shape11} {
		a, err := New(Bytes("", []byte("x")), "x-1.0.0.tar.gz", Options{Shape: shape, ContentDigest: "v1:sha256:aa"})
		if err != nil {
			t.Fatal(err)
		}
		info, err := Inspect(a.Manifest, a.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if info.Shape != shape || info.Title != "x-1.0.0.tar.gz" || info.ContentDigest != "v1:sha256:aa" || info.Layer.Digest != a.Layer.Digest {
			t.Errorf("%s: info %+v", shape, info)
		}
		if ignored := info.Ignored("x", "1.0.0"); (ignored == "") != (shape == Shape10) {
			t.Errorf("%s: ignored %q", shape, ignored)
		}
	}
}

func TestIgnoredNamesAWrongTitle(t *testing.T) {
	t.Parallel()
	i := Info{Shape: Shape10, Title: "./x-1.0.0.tar.gz"}
	if got := i.Ignored("x", "1.0.0"); !strings.Contains(got, `"./x-1.0.0.tar.gz"`) || !strings.Contains(got, `"x-1.0.0.tar.gz"`) {
		t.Errorf("ignored %q, want both titles", got)
	}
}

func TestInspectRefusesWhatIsNoPack(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"no JSON":    `{`,
		"index":      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`,
		"no layer":   goldenEmpty,
		"two layers": `{"layers":[{"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"},{"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}]}`,
		"bad digest": `{"layers":[{"digest":"../../etc/passwd"}]}`,
		"bad size":   `{"layers":[{"size":-1,"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}]}`,
	}
	for name, raw := range tests {
		desc := ocispec.Descriptor{Digest: digest.FromString(raw)}
		info, err := Inspect(desc, []byte(raw))
		if !errors.Is(err, ErrNotPack) {
			t.Errorf("%s: error %v, want ErrNotPack", name, err)
		}
		if info.Manifest.Digest != desc.Digest {
			t.Errorf("%s: info lost the manifest's descriptor", name)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte(golden10))
	f.Add([]byte(golden11))
	f.Add([]byte(goldenEmpty))
	f.Fuzz(func(t *testing.T, raw []byte) {
		info, err := Inspect(ocispec.Descriptor{}, raw)
		if err == nil && info.Layer.Digest.Validate() != nil {
			t.Errorf("accepted layer digest %q", info.Layer.Digest)
		}
		if !json.Valid(raw) && err == nil {
			t.Error("accepted what is no JSON")
		}
	})
}
