package layout

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

func desc(content string) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: "m", Digest: digest.FromString(content), Size: int64(len(content))}
}

// listed is an entry of index.json; more is further fields.
func listed(content, tag, more string) string {
	d := desc(content)
	text := `{"mediaType":"m","digest":"` + d.Digest.String() + `","size":1`
	if tag != "" {
		text += `,"annotations":{"org.opencontainers.image.ref.name":"` + tag + `"}`
	}
	return text + more + `}`
}

func TestSetChangesNothingElse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before []string
		tag    string
		after  []string // entries, in order, for the content "new" of size 3
	}{
		"first":             {nil, "1", []string{`"1"`}},
		"sorted":            {[]string{listed("b", "3", ""), listed("a", "1", "")}, "2", []string{listed("a", "1", ""), `"2"`, listed("b", "3", "")}},
		"untagged":          {[]string{listed("a", "1", "")}, "", []string{`"size":3}`, listed("a", "1", "")}},
		"foreign entry":     {[]string{listed("a", "docker.io/x:1", `,"x-mine":{"y":[1]}`)}, "1", []string{`"1"`, listed("a", "docker.io/x:1", `,"x-mine":{"y":[1]}`)}},
		"moved":             {[]string{listed("a", "1", `,"x-mine":1`)}, "1", []string{`"x-mine":1}`, `"1"`}},
		"moved, listed too": {[]string{listed("a", "1", ""), listed("a", "2", "")}, "1", []string{`"1"`, listed("a", "2", "")}},
		"tagged at last":    {[]string{listed("new", "", "")}, "1", []string{`"1"`}},
		"there, with more":  {[]string{listed("new", "1", `,"x-mine":1`)}, "1", []string{listed("new", "1", `,"x-mine":1`)}},
		"twice":             {[]string{listed("new", "1", ""), listed("new", "1", "")}, "1", []string{listed("new", "1", "")}},
		"makes no sense":    {[]string{`7`, `{"digest":"sha256:x"}`}, "1", []string{`7`, `{"digest":"sha256:x"}`, `"1"`}},
		"bad, same tag":     {[]string{`{"digest":"x","annotations":{"org.opencontainers.image.ref.name":"1"}}`}, "1", []string{`"1"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := parseIndex([]byte(`{"schemaVersion":2,"x-top":{"a":1},"manifests":[` + strings.Join(tt.before, ",") + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			if err := x.set(tt.tag, desc("new")); err != nil {
				t.Fatal(err)
			}
			raw, err := x.encode()
			if err != nil {
				t.Fatal(err)
			}
			x, err = parseIndex(raw)
			if err != nil {
				t.Fatalf("what was written cannot be read: %v", err)
			}
			if len(x.entries) != len(tt.after) {
				t.Fatalf("%s, want %d entries", raw, len(tt.after))
			}
			for i, want := range tt.after {
				if got := string(x.entries[i].raw); got != want && (strings.HasPrefix(want, "{") || !strings.Contains(got, want)) {
					t.Errorf("entry %d: %s, want %s", i, got, want)
				}
			}
			if !strings.Contains(string(raw), `"x-top":{"a":1}`) {
				t.Errorf("fields of others are lost: %s", raw)
			}
		})
	}
}

func TestIndexThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ index, want string }{
		"empty":             {``, "half-written"},
		"half":              {`{"schemaVersion":2,"manifests":[{`, "half-written"},
		"null":              {`null`, "schemaVersion"},
		"a list":            {`[]`, "no image index"},
		"no schemaVersion":  {`{"manifests":[]}`, "schemaVersion is 0"},
		"a manifest":        {`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}`, "mediaType"},
		"entries an object": {`{"schemaVersion":2,"manifests":{}}`, "manifests"},
		"bad digest":        {`{"schemaVersion":2,"manifests":[{"digest":"sha256:../../x","annotations":{"org.opencontainers.image.ref.name":"1"}}]}`, "sha256:../../x"},
		"negative size":     {`{"schemaVersion":2,"manifests":[` + strings.Replace(listed("a", "1", ""), `"size":1`, `"size":-1`, 1) + `]}`, "size -1"},
		"tag twice":         {`{"schemaVersion":2,"manifests":[` + listed("a", "1", "") + `,` + listed("b", "1", "") + `]}`, "twice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := parseIndex([]byte(tt.index))
			if err == nil {
				_, err = x.find("1")
			}
			if !errors.Is(err, registry.ErrCorrupt) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want ErrCorrupt with %q", err, tt.want)
			}
		})
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[]}`), "1.0.0")
	f.Add([]byte(`{"schemaVersion":2,"Manifests":null,"manifests":[`+listed("a", "1", `,"Annotations":{"x":"y"}`)+`,7,null]}`), "1")
	f.Add([]byte(`{"schemaVersion":2,"manifests":[`+listed("new", "", "")+`,`+listed("new", "2", "")+`,`+listed("b", "1", "")+`]}`), "")
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:x","annotations":{"org.opencontainers.image.ref.name":"1"}}]}`), "1")
	f.Fuzz(func(t *testing.T, raw []byte, tag string) {
		x, err := parseIndex(raw)
		if err != nil {
			return
		}
		if tag != "" && !tagPattern.MatchString(tag) {
			return
		}
		before := x.tags()
		if err := x.set(tag, desc("new")); err != nil {
			t.Fatal(err)
		}
		out, err := x.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseIndex(out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out)
		}
		if _, ok := again.byDigest(desc("new").Digest); !ok {
			t.Fatalf("the manifest is not listed: %s", out)
		}
		want := before
		if tag != "" {
			want = slices.Compact(slices.Sorted(slices.Values(append(before, tag))))
			if d, err := again.find(tag); err != nil || d.Digest != desc("new").Digest {
				t.Fatalf("the tag is lost: %+v, %v\n%s", d, err, out)
			}
		}
		if got := again.tags(); !slices.Equal(got, want) {
			t.Fatalf("tags %q, want %q", got, want)
		}
	})
}
