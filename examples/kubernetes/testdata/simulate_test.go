//go:build unix

package kubernetes

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/packs-cli/packs/internal/bench/catalog"
	"github.com/packs-cli/packs/internal/registrytest"
)

// nobody is the user that the pods run as.
const nobody = 65532

// cluster is what pods share: the image, the volumes and the registry.
type cluster struct {
	t        *testing.T
	dir      string // volumes, one folder each
	program  string
	catalog  string
	registry *registrytest.Server
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: t.TempDir(), registry: registrytest.Start(t, registrytest.Options{TLS: true, Auth: registrytest.AuthBasic})}
	c.open(filepath.Dir(c.dir)) // the test's own folder lets nobody else in
	c.program, c.catalog = filepath.Join(c.dir, "packs"), filepath.Join(c.dir, "catalog")
	build := exec.Command("go", "build", "-o", c.program, "./cmd/packs")
	build.Dir, build.Env = filepath.Join("..", "..", ".."), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := catalog.Write(filepath.Join(c.catalog, "packs"), catalog.Options{Packs: packs, Seed: 1, Small: true}); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```yaml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README.md shows no packs.yaml")
	}
	c.write("catalog/packs.yaml", text, 0o644)
	login := base64.StdEncoding.EncodeToString([]byte(registrytest.Username + ":" + registrytest.Password))
	c.write("login/config.json", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, c.registry.Host, login), 0o440)
	ca, err := os.ReadFile(c.registry.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	c.write("ca/ca.crt", string(ca), 0o644)
	return c
}

const packs = 60

// open lets others pass through a folder, where the pods are somebody else.
func (c *cluster) open(dir string) {
	c.t.Helper()
	if os.Geteuid() == 0 {
		if err := os.Chmod(dir, 0o711); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *cluster) write(name, text string, mode os.FileMode) {
	c.t.Helper()
	file := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		c.t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(file, 0, nobody); err != nil { // fsGroup
			c.t.Fatal(err)
		}
	}
}

// volume returns the folder of a volume: read-only ones and claims are shared,
// others belong to one pod.
func (c *cluster) volume(v *corev1.Volume, pod string) string {
	c.t.Helper()
	name := v.Name
	if v.EmptyDir != nil {
		name += "-" + pod
	}
	dir := filepath.Join(c.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if os.Geteuid() == 0 && (v.EmptyDir != nil || v.PersistentVolumeClaim != nil) {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			c.t.Fatal(err)
		}
	}
	return dir
}

// pod is one run of the only container of a pod.
type pod struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
	volumes  map[string]string
}

// start does what the kubelet does: volumes are put into place, variables are
// set and put into the arguments. Paths of mounts become those of folders, since
// the process shares the machine's root.
func (c *cluster) start(spec *corev1.PodSpec, index int) *pod {
	c.t.Helper()
	container := &spec.Containers[0]
	p := &pod{volumes: make(map[string]string)}
	mounts := slices.Clone(container.VolumeMounts)
	slices.SortFunc(mounts, func(a, b corev1.VolumeMount) int { return len(b.MountPath) - len(a.MountPath) })
	var paths []string
	for _, m := range mounts {
		i := slices.IndexFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		p.volumes[m.Name] = c.volume(&spec.Volumes[i], strconv.Itoa(index))
		paths = append(paths, m.MountPath, p.volumes[m.Name])
	}
	place := strings.NewReplacer(paths...)
	env := map[string]string{"JOB_COMPLETION_INDEX": strconv.Itoa(index)}
	for _, e := range container.Env {
		env[e.Name] = e.Value
	}
	var args []string
	for _, a := range container.Args {
		args = append(args, place.Replace(expand(a, env)))
	}
	p.cmd = exec.Command(c.program, args...)
	p.cmd.Dir = c.catalog // WORKDIR
	p.cmd.Env = []string{"HOME=/nonexistent", "REGISTRY=" + c.registry.Host}
	for k, v := range env {
		p.cmd.Env = append(p.cmd.Env, k+"="+place.Replace(v))
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if os.Geteuid() == 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return p
}

// expand puts variables into an argument: $(NAME), as in Kubernetes.
func expand(arg string, env map[string]string) string {
	return regexp.MustCompile(`\$\(([A-Z_]+)\)`).ReplaceAllStringFunc(arg, func(ref string) string {
		return env[ref[2:len(ref)-1]]
	})
}

func (c *cluster) wait(p *pod) {
	c.t.Helper()
	if err := p.cmd.Wait(); err != nil {
		c.t.Fatalf("%v: %v\n%s%s", p.cmd.Args, err, &p.out, &p.err)
	}
}

// TestPodsPublishTheCatalogTogether runs the Job, then the one that joins the
// reports, and compares with one process that does all of it.
func TestPodsPublishTheCatalogTogether(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	j := job(t, "publish.yaml", "packs-publish")
	c.registry.Reset()
	var pods []*pod
	for i := range int(*j.Spec.Completions) {
		pods = append(pods, c.start(&j.Spec.Template.Spec, i))
	}
	for i, p := range pods {
		c.wait(p)
		if text := p.out.String(); !strings.Contains(text, fmt.Sprintf("Applied shard %d/%d in ", i, len(pods))) {
			t.Errorf("pod %d says\n%s%s", i, text, &p.err)
		}
		if left, err := os.ReadDir(p.volumes["tmp"]); err != nil || len(left) > 0 {
			t.Errorf("pod %d left %v in TMPDIR (%v)", i, left, err)
		}
	}
	requests := c.registry.Requests()
	nothingTwice(t, requests)

	joined := c.start(&job(t, "report.yaml", "packs-report").Spec.Template.Spec, 0)
	c.wait(joined)
	if !strings.Contains(joined.out.String(), fmt.Sprintf("### Applied: 1 repository created, %d versions pushed", packs)) {
		t.Errorf("joined:\n%.500s%s", &joined.out, &joined.err)
	}
	if joined.err.Len() > 0 {
		t.Errorf("joined: %s", &joined.err)
	}
	got := results(t, filepath.Join(joined.volumes["out"], "report.json"))

	single := newCluster(t)
	spec := j.Spec.Template.Spec.DeepCopy()
	spec.Containers[0].Args = slices.DeleteFunc(spec.Containers[0].Args, func(a string) bool { return strings.HasPrefix(a, "--shard=") })
	one := single.start(spec, 0)
	single.wait(one)
	if want := results(t, filepath.Join(one.volumes["reports"], "shard-0.json")); !slices.Equal(got, want) {
		t.Errorf("four pods did\n%s\none does\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	writes(t, requests, single.registry.Requests())

	// Once more: nothing is left to do.
	c.registry.Reset()
	for i := range pods {
		pods[i] = c.start(&j.Spec.Template.Spec, i)
	}
	for _, p := range pods {
		c.wait(p)
	}
	for _, r := range c.registry.Requests() {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			t.Errorf("the second time a pod asked %v", r)
		}
	}
}

// results are what a report says of each item, but for where it is.
func results(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Items []struct {
			Action, Status, Registry, Repository, Name, Version, Path, Digest, ContentDigest string
		}
		Shard, MissingShards any
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if r.Shard != nil || r.MissingShards != nil || len(r.Items) != packs+1 {
		t.Errorf("%s: %d items, shard %v, missing %v", file, len(r.Items), r.Shard, r.MissingShards)
	}
	var lines []string
	for _, it := range r.Items {
		lines = append(lines, fmt.Sprintf("%+v", it))
	}
	return lines
}

// nothingTwice goes through the access log: each manifest and each blob of a
// repository is written once, by one process.
func nothingTwice(t *testing.T, requests []registrytest.Request) {
	t.Helper()
	seen := make(map[string]int)
	manifests, basePath := 0, 0
	for _, r := range requests {
		switch {
		case r.Method != http.MethodPut || r.Status >= 300:
			continue
		case strings.HasPrefix(r.Path, "/v2/platform/spectro-packs/archive/manifests/"):
			basePath++
		case strings.Contains(r.Path, "/manifests/"):
			manifests++
		}
		what := r.Path
		if repository, _, upload := strings.Cut(r.Path, "/blobs/uploads/"); upload {
			what = repository + " " + r.Query.Get("digest")
		}
		if seen[what]++; seen[what] > 1 {
			t.Errorf("%s was written %d times", what, seen[what])
		}
	}
	if manifests != packs || basePath != 1 {
		t.Errorf("%d manifests of versions and %d of the base path were written, want %d and 1", manifests, basePath, packs)
	}
}

// writes compares which manifests two registries got.
func writes(t *testing.T, a, b []registrytest.Request) {
	t.Helper()
	list := func(requests []registrytest.Request) []string {
		var all []string
		for _, r := range requests {
			if r.Method == http.MethodPut && strings.Contains(r.Path, "/manifests/") {
				all = append(all, r.String())
			}
		}
		slices.Sort(all)
		return all
	}
	if x, y := list(a), list(b); !slices.Equal(x, y) {
		t.Errorf("four pods wrote\n%s\none writes\n%s", strings.Join(x, "\n"), strings.Join(y, "\n"))
	}
}

// TestTheImageIsWhatTheJobExpects: the pods have no command of their own.
func TestTheImageIsWhatTheJobExpects(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"\nWORKDIR /catalog\n", "\nENTRYPOINT [\"/usr/local/bin/packs\"]\n", "static-debian12:nonroot\n", "COPY . /catalog\n"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("Dockerfile lacks %q", line)
		}
	}
	if c := job(t, "publish.yaml", "packs-publish").Spec.Template.Spec.Containers[0]; len(c.Command) > 0 {
		t.Errorf("command %q", c.Command)
	}
}
