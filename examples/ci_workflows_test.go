package examples_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The parts of a GitHub workflow that the examples use: any other key is a mistake.
type (
	workflow struct {
		Name        string            `yaml:"name"`
		On          yaml.Node         `yaml:"on"`
		Permissions map[string]string `yaml:"permissions"`
		Concurrency struct {
			Group  string `yaml:"group"`
			Cancel bool   `yaml:"cancel-in-progress"`
		} `yaml:"concurrency"`
		Jobs map[string]job `yaml:"jobs"`
	}
	job struct {
		Needs       string `yaml:"needs"`
		If          string `yaml:"if"`
		RunsOn      string `yaml:"runs-on"`
		Timeout     int    `yaml:"timeout-minutes"`
		Environment string `yaml:"environment"`
		Strategy    struct {
			FailFast *bool            `yaml:"fail-fast"`
			Matrix   map[string][]int `yaml:"matrix"`
		} `yaml:"strategy"`
		Permissions map[string]string `yaml:"permissions"`
		Steps       []step            `yaml:"steps"`
	}
	step struct {
		ID        string            `yaml:"id"`
		Name      string            `yaml:"name"`
		If        string            `yaml:"if"`
		Uses      string            `yaml:"uses"`
		With      map[string]string `yaml:"with"`
		Shell     string            `yaml:"shell"`
		Directory string            `yaml:"working-directory"`
		Env       map[string]string `yaml:"env"`
		Run       string            `yaml:"run"`
	}
	action struct {
		Name        string               `yaml:"name"`
		Description string               `yaml:"description"`
		Inputs      map[string]yaml.Node `yaml:"inputs"`
		Outputs     map[string]yaml.Node `yaml:"outputs"`
		Runs        struct {
			Using string `yaml:"using"`
			Steps []step `yaml:"steps"`
		} `yaml:"runs"`
	}
)

// strictly reads a YAML file in which no key may be unknown.
func strictly(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func readWorkflow(t *testing.T, name string) workflow {
	t.Helper()
	var w workflow
	strictly(t, filepath.Join("ci", "github", name), &w)
	return w
}

// TestWorkflows lints the workflows: what a pull request of a stranger could
// misuse, what would hang, what would lose versions.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("ci/github/*.yml")
	if err != nil || len(files) != 5 {
		t.Fatalf("found %v: %v", files, err)
	}
	for _, file := range files {
		w := readWorkflow(t, filepath.Base(file))
		if w.Permissions["contents"] != "read" || len(w.Permissions) != 1 {
			t.Errorf("%s: jobs may do more than read by default: %v", file, w.Permissions)
		}
		for name, j := range w.Jobs {
			at := file + ": " + name
			if j.RunsOn == "" || j.Timeout == 0 {
				t.Errorf("%s: says not where it runs, or for how long at most", at)
			}
			for i := range j.Steps {
				lintStep(t, at, &j.Steps[i])
			}
			lintJob(t, at, w, j)
		}
	}
	var a action
	strictly(t, "../action.yml", &a)
	if a.Runs.Using != "composite" {
		t.Errorf("action.yml runs using %q", a.Runs.Using)
	}
	for i := range a.Runs.Steps {
		lintStep(t, "action.yml", &a.Runs.Steps[i])
	}
}

func lintStep(t *testing.T, at string, s *step) {
	t.Helper()
	switch {
	case (s.Uses == "") == (s.Run == ""):
		t.Errorf("%s: a step wants either uses or run: %+v", at, s)
	case s.Run != "" && s.Shell != "bash":
		t.Errorf("%s: without shell: bash a failure within a pipe is lost: %+v", at, s)
	case strings.Contains(s.Run, "${{"):
		t.Errorf("%s: text from outside is put into a script: hand it over by env: %s", at, s.Run)
	case s.Uses != "" && !strings.HasPrefix(s.Uses, "./") && !strings.Contains(s.Uses, "@"):
		t.Errorf("%s: %s names no version", at, s.Uses)
	case strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false":
		t.Errorf("%s: the token stays in the checkout, where pull requests can read it", at)
	}
}

func lintJob(t *testing.T, at string, w workflow, j job) {
	t.Helper()
	secrets := j.Permissions["id-token"] != "" || j.Environment != ""
	for i := range j.Steps {
		run := j.Steps[i].Run
		if strings.Contains(run, "--changed-since") && !slices.ContainsFunc(j.Steps, func(s step) bool { return s.With["fetch-depth"] == "0" }) {
			t.Errorf("%s: --changed-since without the merge base", at)
		}
		if strings.Contains(run, "packs apply") {
			if strings.Contains(run, "--changed-since") {
				t.Errorf("%s: apply would skip what an earlier run failed", at)
			}
			if w.Concurrency.Group == "" || w.Concurrency.Cancel {
				t.Errorf("%s: two runs may publish at once, or one be cut off", at)
			}
		}
		if shards := j.Strategy.Matrix["shard"]; (len(shards) > 0) != strings.Contains(run, "--shard") && strings.Contains(run, "packs apply") {
			t.Errorf("%s: %d jobs publish the same packs, or only a part of them", at, max(len(shards), 1))
		}
		if strings.Contains(run, "--untrusted") && secrets {
			t.Errorf("%s: a stranger's files meet secrets", at)
		}
	}
	if w.On.Value == "pull_request" && secrets && !strings.Contains(j.If, "head.repo.full_name == github.repository") {
		t.Errorf("%s: runs with secrets for forks", at)
	}
}
