package examples_test

import (
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestGitHubShards runs the jobs of the matrix, then the one that joins their
// reports.
func TestGitHubShards(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	w := readWorkflow(t, "publish-sharded.yml")
	for i := range 5 {
		r.pack(t, "two", "2."+strconv.Itoa(i)+".0")
		r.pack(t, "three", "3."+strconv.Itoa(i)+".0")
	}
	r.must(t, 0, r.catalog, "git add -A; git commit -qm more")
	apply, report := w.Jobs["apply"], w.Jobs["report"]
	if apply.Strategy.FailFast == nil || *apply.Strategy.FailFast || !strings.Contains(report.If, "failure()") {
		t.Error("a shard that fails stops the others, or the report")
	}
	shards := apply.Strategy.Matrix["shard"]
	for i, shard := range shards {
		if shard != i {
			t.Errorf("shards %v do not count from 0", shards)
		}
		r.values = map[string]string{"${{ strategy.job-index }}": strconv.Itoa(i), "${{ strategy.job-total }}": strconv.Itoa(len(shards))}
		r.job(t, apply, 0)
		r.wantSaid(t, "Applied shard "+strconv.Itoa(i)+"/4")
	}
	r.job(t, report, 0)
	r.wantSaid(t, "### Applied: 11 versions pushed", "\nApplied: 11 versions pushed")
	if joined := r.read(t, "temp/apply-report.json"); !strings.Contains(joined, `"pushed": 11`) || strings.Contains(joined, `"missingShards"`) {
		t.Errorf("the joined report:\n%s", joined)
	}
	r.must(t, 0, r.dir, `rm "$RUNNER_TEMP"/reports/shard-2.*`)
	r.job(t, report, 1)
	r.wantSaid(t, "no file tells of shard 2/4")
}

// TestGitLabShards does the same with the jobs of GitLab.
func TestGitLabShards(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.pack(t, "two", "2.0.0")
	type job struct {
		Stage     string            `yaml:"stage"`
		Parallel  int               `yaml:"parallel"`
		Keep      bool              `yaml:"interruptible"`
		Needs     []string          `yaml:"needs"`
		Rules     []yaml.Node       `yaml:"rules"`
		Script    []string          `yaml:"script"`
		Artifacts map[string]any    `yaml:"artifacts"`
		Variables map[string]string `yaml:"variables"`
	}
	var file struct {
		Stages  []string `yaml:"stages"`
		Publish job      `yaml:"publish-shards"`
		Report  job      `yaml:"publish-report"`
	}
	strictly(t, "ci/gitlab/sharded.gitlab-ci.yml", &file)
	if len(file.Report.Needs) != 1 || file.Report.Needs[0] != "publish-shards" {
		t.Errorf("the report waits for %v", file.Report.Needs)
	}
	for i := range file.Publish.Parallel {
		script := strings.Join(file.Publish.Script, "\n")
		r.must(t, 0, r.catalog, script, "CI_NODE_INDEX="+strconv.Itoa(i+1), "CI_NODE_TOTAL="+strconv.Itoa(file.Publish.Parallel))
	}
	r.must(t, 0, r.catalog, strings.Join(file.Report.Script, "\n"))
	r.wantSaid(t, "Applied: 2 versions pushed")
}
