package manifest

import (
	"encoding/json"
	"errors"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/schema"
)

// TestLoadAndSchemaAgree: what the schema refuses in an editor, Load refuses,
// and the other way round. All texts are quoted, so that both see the same.
func TestLoadAndSchemaAgree(t *testing.T) {
	t.Parallel()
	const start = `{"apiVersion": "packs/v1", "kind": "Catalog", "registries": [`
	const end = `], "packs": []`
	layout := start + `{"name": "l", "type": "layout", "path": "p"}` + end
	tests := []struct {
		text  string
		right bool
	}{
		{layout + `}`, true},
		{layout + `, "x-a": [1, null, {}]}`, true},
		{layout + `, "y-a": 1}`, false},
		{layout + `, "onChange": "skip"}`, true},
		{layout + `, "onChange": "Skip"}`, false},
		{layout + `, "onChange": null}`, false},
		{layout + `, "concurrency": {"perRegistry": 1}}`, true},
		{layout + `, "concurrency": {"perRegistry": 0}}`, false},
		{layout + `, "concurrency": {"perRegistry": 1.5}}`, false},
		{layout + `, "concurrency": {"perRegistry": "1"}}`, false},
		{layout + `, "lint": {"rules": {"a-b": "off"}, "gate": "error"}}`, true},
		{layout + `, "lint": {"rules": {"A": "off"}}}`, false},
		{layout + `, "lint": {"rules": {"a": "on"}}}`, false},
		{layout + `, "lint": {"gate": "warning"}}`, false},
		{layout + `, "lint": {"ignore": [{"rule": "a"}]}}`, false},
		{layout + `, "palette": {"apiKeyEnv": "A", "apiKeyFile": "b"}}`, false},
		{layout + `, "palette": {"endpoint": "ftp://x"}}`, false},
		{layout + `, "palette": {"endpoint": "https://me@x"}}`, false},
		{layout + `, "retired": [{"name": "a", "versions": "*"}]}`, true},
		{layout + `, "retired": [{"name": "a*", "versions": "*"}]}`, false},
		{layout + `, "retired": [{"name": "a"}]}`, false},
		{layout + `, "prune": {}}`, false},
		{layout + `, "hooks": {"beforePush": {"command": ""}}}`, false},
		{start + `]` + `, "packs": []}`, false},
		{`{"kind": "Catalog", "registries": [], "packs": []}`, false},
		{start + `{"name": "l", "type": "layout"}` + end + `}`, false},
		{start + `{"name": "-l", "type": "layout", "path": "p"}` + end + `}`, false},
		{start + `{"name": "l", "type": "file", "path": "p"}` + end + `}`, false},
		{start + `{"name": "l", "type": "layout", "path": "p", "host": "h"}` + end + `}`, false},
		{start + `{"name": "l", "type": "oci", "host": "h:5000", "basePathRepository": false}` + end + `}`, true},
		{start + `{"name": "l", "type": "oci", "host": "http://h"}` + end + `}`, false},
		{start + `{"name": "l", "type": "oci", "host": "[::1]:5000"}` + end + `}`, true},
		{start + `{"name": "l", "type": "oci", "host": "h", "repositoryPrefix": "a//b"}` + end + `}`, true},
		{start + `{"name": "l", "type": "oci", "host": "h", "repositoryPrefix": "a/B"}` + end + `}`, false},
		{start + `{"name": "l", "type": "oci", "host": "h", "tls": {"certFile": "a"}}` + end + `}`, false},
		{start + `{"name": "l", "type": "oci", "host": "h", "limits": {"requestsPerSecond": 0.5}}` + end + `}`, true},
		{start + `{"name": "l", "type": "oci", "host": "h", "palette": {"name": "p", "credentials": {"roleArn": "arn:aws:iam::222222222222:role/r"}}}` + end + `}`, false},
		{start + `{"name": "h", "type": "harbor", "host": "h", "project": "p", "createProject": true}` + end + `}`, true},
		{start + `{"name": "h", "type": "harbor", "host": "h", "project": "p", "createProject": {"storageLimit": "1GiB"}}` + end + `}`, true},
		{start + `{"name": "h", "type": "harbor", "host": "h", "project": "p", "createProject": {"storageLimit": "1GB"}}` + end + `}`, false},
		{start + `{"name": "h", "type": "harbor", "host": "h", "project": "p", "createProject": "yes"}` + end + `}`, false},
		{start + `{"name": "h", "type": "harbor", "host": "h"}` + end + `}`, false},
		{start + `{"name": "e", "type": "ecr"}` + end + `}`, true},
		{start + `{"name": "e", "type": "ecr", "account": "1"}` + end + `}`, false},
		{start + `{"name": "e", "type": "ecr", "aws": {"externalId": "x"}}` + end + `}`, false},
		{start + `{"name": "e", "type": "ecr", "repository": {"exclusionFilters": ["1", "2", "3", "4", "5", "6"]}}` + end + `}`, false},
		{start + `{"name": "e", "type": "ecr", "credentials": {"username": "u"}}` + end + `}`, false},
		{start + `{"name": "l", "type": "layout", "path": "p"}], "packs": [{"path": "a", "registries": ["l"]}, {"from": {"registry": "m"}, "registries": "l"}]}`, true},
		{start + `{"name": "l", "type": "layout", "path": "p"}], "packs": [{"path": "a", "from": {"registry": "l"}}]}`, false},
		{start + `{"name": "l", "type": "layout", "path": "p"}], "packs": [{"name": "a"}]}`, false},
		{start + `{"name": "l", "type": "layout", "path": "p"}], "packs": [{"path": "a", "only": {"layer": "app"}}]}`, false},
		{start + `{"name": "l", "type": "layout", "path": "p"}], "packs": [{"path": "a", "only": {"pins": "p"}}]}`, false},
		{start + `{"name": "l", "type": "layout", "path": "p"}], "packs": ["a"]}`, false},
	}
	root, err := packsStructure()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		var document any
		if err := json.Unmarshal([]byte(tt.text), &document); err != nil {
			t.Fatalf("%s: %v", tt.text, err)
		}
		err := schema.Validate(schema.Packs, document)
		var invalid *schema.Error
		if errors.As(err, &invalid) == tt.right {
			t.Errorf("schema: %v for %s", err, tt.text)
		}
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(tt.text), &node); err != nil {
			t.Fatal(err)
		}
		r := &report{file: "packs.yaml"}
		c := &checker{report: r, variables: newVariables(LoadOptions{})}
		c.check(build(r, node.Content[0]), root, "the catalog")
		if (r.err() == nil) != tt.right {
			t.Errorf("Load: %v for %s", r.err(), tt.text)
		}
	}
}
