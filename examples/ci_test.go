package examples_test

import (
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestGitHub runs the shell of the workflows one after the other: a pull request,
// the merge, the promotion, the night.
func TestGitHub(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	pull, publish := readWorkflow(t, "pull-request.yml"), readWorkflow(t, "publish.yml")
	promote, nightly := readWorkflow(t, "promote.yml"), readWorkflow(t, "nightly.yml")

	r.pack(t, "two", "2.0.0")
	r.must(t, 0, r.catalog, "git add -A; git commit -qm two")
	r.job(t, pull.Jobs["validate"], 0)
	r.wantSaid(t, "1 of 2 packs changed since origin/main", "### Valid: 1 pack checked, nothing found.")
	r.job(t, pull.Jobs["plan"], 0)
	r.wantSaid(t, "2 versions to push")

	r.must(t, 0, r.catalog, "git rm -q packs/two-2.0.0/README.md; git commit -qm wrong")
	r.job(t, pull.Jobs["validate"], 1)
	r.wantSaid(t, "::error file=packs/two-2.0.0/pack.json,line=1,col=1,title=readme-missing::", "### Invalid: 1 pack checked, 1 error.", "| `readme-missing` |")
	r.job(t, publish.Jobs["validate"], 1)
	if sarif := r.read(t, "temp/packs.sarif"); !strings.Contains(sarif, `"ruleId": "readme-missing"`) {
		t.Errorf("the log for code scanning lacks the finding:\n%s", sarif)
	}
	r.must(t, 0, r.catalog, "git revert -n HEAD; git commit -qm right")

	r.job(t, nightly.Jobs["compare"], 2)
	r.job(t, publish.Jobs["validate"], 0)
	r.job(t, publish.Jobs["apply"], 0)
	r.wantSaid(t, "2 versions to push")
	r.job(t, publish.Jobs["apply"], 0)
	r.wantSaid(t, "No changes")
	r.job(t, nightly.Jobs["compare"], 0)
	r.job(t, promote.Jobs["promote"], 0)
	r.wantSaid(t, "2 versions to push")

	// A version that changed is a conflict; the others are published all the same.
	r.write(t, "catalog/packs/one-1.0.0/README.md", "# changed\n")
	r.pack(t, "two", "2.1.0")
	r.job(t, pull.Jobs["validate"], 1)
	r.wantSaid(t, "version-not-bumped")
	r.job(t, publish.Jobs["apply"], 4)
	if report := r.read(t, "temp/apply-report.json"); !strings.Contains(report, `"pushed": 1`) {
		t.Errorf("what could be published was not:\n%s", report)
	}
	r.job(t, nightly.Jobs["compare"], 4)
}

// TestGitLab runs the scripts of the GitLab jobs.
func TestGitLab(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.pack(t, "two", "2.0.0")
	var file map[string]yaml.Node
	strictly(t, "ci/gitlab/.gitlab-ci.yml", &file)
	run := func(name string, code int) {
		t.Helper()
		var defaults, j struct {
			Before    []string          `yaml:"before_script"`
			Script    []string          `yaml:"script"`
			Variables map[string]string `yaml:"variables"`
		}
		node, other := file[name], file["default"]
		if err := errors.Join(node.Decode(&j), other.Decode(&defaults)); err != nil || len(j.Script) == 0 {
			t.Fatalf("job %s: %v", name, err)
		}
		var env []string
		for k, v := range j.Variables {
			env = append(env, k+"="+v)
		}
		r.must(t, code, r.catalog, strings.Join(append(defaults.Before, j.Script...), "\n"), env...)
	}
	run("validate", 0)
	r.wantSaid(t, "Valid: 1 pack checked")
	for file, part := range map[string]string{"gl-code-quality-report.json": "[]", "packs-junit.xml": `tests="1" failures="0"`} {
		if text := r.read(t, "catalog/"+file); !strings.Contains(text, part) {
			t.Errorf("%s lacks %s:\n%s", file, part, text)
		}
	}
	run("plan", 0)
	run("compare", 2)
	run("publish", 0)
	run("compare", 0)
	run("promote", 0)
	run("publish", 0)
	if report := r.read(t, "catalog/apply-report.json"); !strings.Contains(report, `"unchanged": 2`) {
		t.Errorf("the second run published again:\n%s", report)
	}
	r.write(t, "catalog/packs/two-2.0.0/pack.json", "{")
	run("validate", 1)
	r.wantSaid(t, "pack-json-syntax")
	if text := r.read(t, "catalog/gl-code-quality-report.json"); !strings.Contains(text, "packs/two-2.0.0/pack.json") {
		t.Errorf("the code quality report lacks the finding:\n%s", text)
	}
}

// TestPreCommit runs the hook with the files of a commit.
func TestPreCommit(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	var config struct {
		Repos []struct {
			Repo  string `yaml:"repo"`
			Hooks []struct {
				ID       string `yaml:"id"`
				Name     string `yaml:"name"`
				Language string `yaml:"language"`
				Entry    string `yaml:"entry"`
				Files    string `yaml:"files"`
				Serial   bool   `yaml:"require_serial"`
			} `yaml:"hooks"`
		} `yaml:"repos"`
	}
	strictly(t, "ci/pre-commit/.pre-commit-config.yaml", &config)
	hook := config.Repos[0].Hooks[0]
	if config.Repos[0].Repo != "local" || hook.Language != "system" || !hook.Serial {
		t.Errorf("hook %+v", hook)
	}
	script := `git add -A; git diff --cached --name-only --diff-filter=d | { grep -E '` + hook.Files + `' || true; } | xargs ` + hook.Entry
	r.pack(t, "two", "2.0.0")
	r.write(t, "catalog/packs/README.md", "# Packs\n")
	r.must(t, 0, r.catalog, script)
	r.wantSaid(t, "Valid: 1 pack checked, nothing found.")
	r.write(t, "catalog/packs/one-1.0.0/values.yaml", "a: [\n")
	r.must(t, 123, r.catalog, script) // xargs says so where a program fails
	r.wantSaid(t, "packs/one-1.0.0/values.yaml:", "[values-syntax]", "Invalid: 2 packs checked")
}
