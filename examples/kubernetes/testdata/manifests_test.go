package kubernetes

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// objects are all objects of a file by KIND NAME, decoded strictly.
func objects(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]any)
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var head struct {
			metav1.TypeMeta   `json:",inline"`
			metav1.ObjectMeta `json:"metadata"`
		}
		if err := yaml.Unmarshal(doc, &head); err != nil {
			t.Fatal(err)
		}
		into := map[string]any{
			"v1 ServiceAccount": &corev1.ServiceAccount{}, "v1 ConfigMap": &corev1.ConfigMap{},
			"v1 PersistentVolumeClaim": &corev1.PersistentVolumeClaim{}, "batch/v1 Job": &batchv1.Job{},
		}[head.APIVersion+" "+head.Kind]
		if into == nil {
			t.Fatalf("%s: %s %s is of no kind that is known", file, head.APIVersion, head.Kind)
		}
		if err := yaml.UnmarshalStrict(doc, into); err != nil {
			t.Fatalf("%s: %s: %v", file, head.Kind, err)
		}
		all[head.Kind+" "+head.Name] = into
	}
	return all
}

func job(t *testing.T, file, name string) *batchv1.Job {
	t.Helper()
	j, ok := objects(t, file)["Job "+name].(*batchv1.Job)
	if !ok {
		t.Fatalf("%s has no Job %s", file, name)
	}
	return j
}

// TestStrictness makes sure that a slip of the pen would be found.
func TestStrictness(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"spec: {completionsMode: Indexed}", "spec: {completions: four}", "spec: {completions: 1, completions: 2}"} {
		if err := yaml.UnmarshalStrict([]byte(wrong), &batchv1.Job{}); err == nil {
			t.Errorf("%s is no mistake", wrong)
		}
	}
}

// TestThePodsAreConfined: no pod of the example may more than it needs.
func TestThePodsAreConfined(t *testing.T) {
	t.Parallel()
	for file, name := range map[string]string{"publish.yaml": "packs-publish", "report.yaml": "packs-report"} {
		spec := &job(t, file, name).Spec.Template.Spec
		pod := spec.SecurityContext
		if pod == nil || !*pod.RunAsNonRoot || *pod.RunAsUser == 0 || *pod.FSGroup == 0 || pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: security context %+v", file, pod)
		}
		if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
			t.Errorf("%s: the pod gets a token for Kubernetes", file)
		}
		if len(spec.Containers) != 1 || spec.Containers[0].Name != "packs" {
			t.Fatalf("%s: containers %+v", file, spec.Containers)
		}
		c := &spec.Containers[0]
		own := c.SecurityContext
		if own == nil || !*own.ReadOnlyRootFilesystem || *own.AllowPrivilegeEscalation || !slices.Equal(own.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(own.Capabilities.Add) > 0 {
			t.Errorf("%s: security context of the container %+v", file, own)
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: resources %+v", file, c.Resources)
		}
		mountsFit(t, file, spec)
	}
}

// mountsFit holds mounts and volumes to each other.
func mountsFit(t *testing.T, file string, spec *corev1.PodSpec) {
	t.Helper()
	used := make(map[string]bool)
	for _, m := range spec.Containers[0].VolumeMounts {
		used[m.Name] = true
	}
	for _, v := range spec.Volumes {
		if !used[v.Name] {
			t.Errorf("%s: volume %s is not mounted", file, v.Name)
		}
		delete(used, v.Name)
		if e := v.EmptyDir; e != nil && e.SizeLimit.IsZero() {
			t.Errorf("%s: volume %s may fill the node's disk", file, v.Name)
		}
	}
	if len(used) > 0 {
		t.Errorf("%s: mounts without volumes: %v", file, used)
	}
}

// TestTheJobIsSplitAsItSays holds the numbers and names to each other that
// Kubernetes does not.
func TestTheJobIsSplitAsItSays(t *testing.T) {
	t.Parallel()
	all := objects(t, "publish.yaml")
	j := job(t, "publish.yaml", "packs-publish")
	spec := &j.Spec.Template.Spec
	if *j.Spec.CompletionMode != batchv1.IndexedCompletion || *j.Spec.Parallelism > *j.Spec.Completions || spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("spec %+v", j.Spec)
	}
	shard := fmt.Sprintf("--shard=$(JOB_COMPLETION_INDEX)/%d", *j.Spec.Completions)
	if !slices.Contains(spec.Containers[0].Args, shard) {
		t.Errorf("args %q lack %s", spec.Containers[0].Args, shard)
	}
	if j.Spec.BackoffLimitPerIndex == nil || *j.Spec.BackoffLimitPerIndex == 0 {
		t.Error("FailIndex needs a backoffLimitPerIndex")
	}
	for _, r := range j.Spec.PodFailurePolicy.Rules {
		if codes := r.OnExitCodes; codes != nil && (*codes.ContainerName != "packs" || !slices.Equal(codes.Values, []int32{3, 4})) {
			t.Errorf("rule %+v", codes)
		}
	}
	if all["ServiceAccount "+spec.ServiceAccountName] == nil {
		t.Errorf("there is no ServiceAccount %s", spec.ServiceAccountName)
	}
	sa, _ := all["ServiceAccount packs-publisher"].(*corev1.ServiceAccount)
	if !strings.HasPrefix(sa.Annotations["eks.amazonaws.com/role-arn"], "arn:aws:iam::") {
		t.Errorf("annotations %v", sa.Annotations)
	}
	for _, v := range spec.Volumes {
		switch {
		case v.Secret != nil && (v.Secret.DefaultMode == nil || *v.Secret.DefaultMode&0o007 != 0):
			t.Errorf("everybody may read secret %s", v.Secret.SecretName)
		case v.ConfigMap != nil && all["ConfigMap "+v.ConfigMap.Name] == nil:
			t.Errorf("there is no ConfigMap %s", v.ConfigMap.Name)
		case v.PersistentVolumeClaim != nil && all["PersistentVolumeClaim "+v.PersistentVolumeClaim.ClaimName] == nil:
			t.Errorf("there is no PersistentVolumeClaim %s", v.PersistentVolumeClaim.ClaimName)
		}
	}
	if image := job(t, "report.yaml", "packs-report").Spec.Template.Spec.Containers[0].Image; image != spec.Containers[0].Image {
		t.Errorf("the reports are joined by %s, and written by %s", image, spec.Containers[0].Image)
	}
}

// TestNoSecretIsInTheFiles: logins are made by a command that the reader types.
func TestNoSecretIsInTheFiles(t *testing.T) {
	t.Parallel()
	for name := range objects(t, "publish.yaml") {
		if strings.HasPrefix(name, "Secret ") {
			t.Errorf("%s holds a login", name)
		}
	}
	for _, e := range job(t, "publish.yaml", "packs-publish").Spec.Template.Spec.Containers[0].Env {
		if strings.Contains(strings.ToLower(e.Name), "password") || strings.Contains(e.Name, "SECRET") {
			t.Errorf("variable %s", e.Name)
		}
	}
}
