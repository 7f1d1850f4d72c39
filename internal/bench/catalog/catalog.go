// Package catalog generates catalogs of packs for benchmarks and for tests of
// memory: the same seed gives the same bytes everywhere. Sizes follow a census
// of a public catalog of 220 packs: a median of 166 KB and 37 files a pack, a
// mean of 680 KB and 50 files, compressing to a fifth.
package catalog

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Options says what to generate.
type Options struct {
	Packs int
	Seed  uint64
	Small bool // packs of a few small files, to measure the cost of a pack rather than of its bytes
}

// Generated counts what was written.
type Generated struct {
	Packs, Files int
	Bytes        int64
}

// Write generates packs below dir, one folder NAME-VERSION each. Names repeat
// with growing versions, about two versions to a name, as in the census.
func Write(dir string, o Options) (Generated, error) {
	g := Generated{Packs: o.Packs}
	for i := range o.Packs {
		w := &writer{
			rng:  rand.New(rand.NewPCG(o.Seed, uint64(i))), //nolint:gosec // repeatable on purpose
			root: filepath.Join(dir, fmt.Sprintf("pack-%05d-1.%d.0", i/2, i%2)),
		}
		name, version := fmt.Sprintf("pack-%05d", i/2), fmt.Sprintf("1.%d.0", i%2)
		if err := w.pack(name, version, o.Small); err != nil {
			return g, err
		}
		g.Files += w.files
		g.Bytes += w.bytes
	}
	return g, nil
}

type writer struct {
	rng   *rand.Rand
	root  string
	files int
	bytes int64
}

func (w *writer) pack(name, version string, small bool) error {
	meta := fmt.Sprintf("{\n  \"name\": %q,\n  \"displayName\": %q,\n  \"version\": %q,\n  \"layer\": \"addon\",\n  \"addonType\": \"system app\",\n  \"cloudTypes\": [\"all\"]\n}\n", name, name, version)
	if err := w.write("pack.json", []byte(meta)); err != nil {
		return err
	}
	if err := w.write("values.yaml", w.text(800)); err != nil {
		return err
	}
	if small {
		return w.write("README.md", w.text(400))
	}
	if err := w.write("README.md", w.text(6000)); err != nil {
		return err
	}
	if err := w.write("logo.png", w.noise(12_000)); err != nil {
		return err
	}
	if err := w.write("charts/"+name+"-"+version+".tgz", w.noise(w.logNormal(24_000, 1.0))); err != nil {
		return err
	}
	for f := range min(w.logNormal(29, 0.8), 420) {
		path := fmt.Sprintf("charts/%s/templates/file-%03d.yaml", name, f)
		if err := w.write(path, w.text(min(w.logNormal(4_400, 1.5), 600_000))); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) logNormal(median, sigma float64) int {
	return int(median * math.Exp(w.rng.NormFloat64()*sigma))
}

func (w *writer) write(path string, content []byte) error {
	full := filepath.Join(w.root, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil { //nolint:gosec // packs are no secret
		return err
	}
	w.files++
	w.bytes += int64(len(content))
	return os.WriteFile(full, content, 0o644) //nolint:gosec // packs are no secret
}

// text is YAML-like and compresses to about a sixth.
func (w *writer) text(size int) []byte {
	var b strings.Builder
	for b.Len() < size {
		indent := strings.Repeat("  ", w.rng.IntN(5))
		key := words[w.rng.IntN(len(words))]
		switch w.rng.IntN(4) {
		case 0:
			fmt.Fprintf(&b, "%s%s:\n", indent, key)
		case 1:
			fmt.Fprintf(&b, "%s%s: {{ .Values.%s.%s | quote }}\n", indent, key, key, words[w.rng.IntN(len(words))])
		case 2:
			fmt.Fprintf(&b, "%s- name: %s-%d\n", indent, key, w.rng.IntN(1000))
		default:
			fmt.Fprintf(&b, "%s%s: %q\n", indent, key, words[w.rng.IntN(len(words))])
		}
	}
	return []byte(b.String()[:size])
}

// noise does not compress: it stands for charts that are archives, and logos.
func (w *writer) noise(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(w.rng.Uint32()) //nolint:gosec // the low byte is meant
	}
	return b
}

var words = strings.Fields(`apiVersion kind metadata labels annotations spec replicas selector matchLabels
template containers image imagePullPolicy ports containerPort protocol env valueFrom secretKeyRef configMapKeyRef
resources limits requests cpu memory volumeMounts mountPath readOnly volumes persistentVolumeClaim claimName
serviceAccountName securityContext runAsNonRoot fsGroup nodeSelector tolerations affinity podAntiAffinity
livenessProbe readinessProbe httpGet path initialDelaySeconds periodSeconds failureThreshold strategy
rollingUpdate maxSurge maxUnavailable ClusterRole rules apiGroups verbs subjects roleRef namespace clusterIP
loadBalancerIP externalTrafficPolicy ingressClassName hosts tls secretName storageClassName accessModes enabled`)
