package harbor

import (
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
)

// reply is one of Harbor's, shortened.
const reply = `{"accessories":null,"annotations":{"com.github.packs-cli.packs.content-digest":"v1:sha256:aa","org.opencontainers.image.created":"1970-01-01T00:00:00Z"},
"artifact_type":"application/vnd.unknown.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","extra_attrs":null,"id":7,
"manifest_media_type":"application/vnd.oci.image.manifest.v1+json","media_type":"application/vnd.unknown.config.v1+json","pull_time":"0001-01-01T00:00:00.000Z",
"push_time":"2026-11-23T13:36:27.000Z","size":500,"tags":[{"id":1,"immutable":false,"name":"1.0.0","push_time":"2026-11-24T13:36:27.123Z"}],"type":"UNKNOWN"}`

func TestParseArtifact(t *testing.T) {
	t.Parallel()
	d, err := parseArtifact([]byte(reply))
	if err != nil {
		t.Fatal(err)
	}
	info := d.info("p/spectro-packs/archive/nginx", "1.0.0")
	if info.ContentDigest != "v1:sha256:aa" || info.Shape != artifact.Shape10 || info.Title != "nginx-1.0.0.tar.gz" || info.Manifest.Digest.Validate() != nil {
		t.Errorf("info %+v", info)
	}
	if got := d.pushedAt("1.0.0"); !got.Equal(time.Date(2026, 11, 24, 13, 36, 27, 123e6, time.UTC)) {
		t.Errorf("pushed at %v", got)
	}
	if got := d.pushedAt("2.0.0"); !got.Equal(time.Date(2026, 11, 23, 13, 36, 27, 0, time.UTC)) {
		t.Errorf("pushed at %v", got)
	}
	for _, bad := range []string{"", "[]", "<html>", `{"digest":"sha256:../x"}`, `{"digest":7}`, "null"} {
		if _, err := parseArtifact([]byte(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const manifest = ocispec.MediaTypeImageManifest
	tests := []struct {
		d    described
		want artifact.Shape
	}{
		{described{ManifestMediaType: manifest, MediaType: artifact.MediaTypeConfig10, ArtifactType: artifact.MediaTypeConfig10}, artifact.Shape10},
		{described{ManifestMediaType: manifest, MediaType: artifact.MediaTypeConfig10}, artifact.Shape10}, // Harbor before 2.11
		{described{ManifestMediaType: manifest, MediaType: artifact.MediaTypeConfig10, ArtifactType: artifact.TypeUnknown}, ""},
		{described{ManifestMediaType: manifest, MediaType: ocispec.MediaTypeEmptyJSON, ArtifactType: artifact.TypeUnknown}, artifact.Shape11},
		{described{ManifestMediaType: manifest, MediaType: ocispec.MediaTypeImageConfig, ArtifactType: ocispec.MediaTypeImageConfig}, ""},
		{described{ManifestMediaType: ocispec.MediaTypeImageIndex, MediaType: artifact.MediaTypeConfig10}, ""},
	}
	for _, tt := range tests {
		if got := tt.d.shape(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.d, got, tt.want)
		}
	}
}

func FuzzParseArtifact(f *testing.F) {
	f.Add([]byte(reply), "1.0.0")
	f.Add([]byte(`{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","tags":[{}]}`), "")
	f.Add([]byte(`{"errors":[{"code":"NOT_FOUND","message":"artifact packs/a:1 not found"}]}`), "1")
	f.Fuzz(func(t *testing.T, raw []byte, tag string) {
		d, err := parseArtifact(raw)
		if err != nil {
			return
		}
		info := d.info("packs/a", tag)
		_ = d.pushedAt(tag)
		if info.Manifest.Digest.Validate() != nil || info.Manifest.Digest != digest.Digest(d.Digest) {
			t.Errorf("digest %q", info.Manifest.Digest)
		}
		if !strings.HasPrefix(info.Title, "a-") {
			t.Errorf("title %q", info.Title)
		}
	})
}

func TestRepetitionsAreSaidOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"UNAUTHORIZED: a: b, c: d: a: b, c: d": "UNAUTHORIZED: a: b, c: d",
		"UNAUTHORIZED: x: x":                   "UNAUTHORIZED: x",
		"DENIED: no: yes":                      "DENIED: no: yes",
		"DENIED":                               "DENIED",
		"":                                     "",
		"a: ":                                  "a: ",
	}
	for message, want := range tests {
		if got := once(message); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}
