package harbor_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
)

// TestRobotNamesKeepTheirDollar on every way that packs.yaml knows for them.
func TestRobotNamesKeepTheirDollar(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	system, project := addRobot(t, s, "system"), addRobot(t, s, "project")
	tests := []struct {
		name        string
		credentials string
		robot       login
	}{
		{"literal", `{username: "robot$packs+ci", passwordEnv: SECRET}`, project},
		{"literal, unquoted", `{username: robot$packs+ci, passwordEnv: SECRET}`, project},
		{"literal, system", `{username: 'robot$ci', passwordEnv: SECRET}`, system},
		{"environment", `{usernameEnv: ROBOT, passwordEnv: SECRET}`, project},
		{"files", `{usernameFile: ./user, passwordFile: ./secret}`, system},
		{"interpolated", `{username: "robot$${PROJECT}+ci", passwordEnv: SECRET}`, login{"robot${PROJECT}+ci", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "user", tt.robot.user+"\n")
			write(t, dir, "secret", tt.robot.password+"\n")
			write(t, dir, "packs.yaml", "apiVersion: packs/v1\nkind: Catalog\nregistries:\n- name: site\n  type: harbor\n  host: "+s.Host+
				"\n  project: packs\n  credentials: "+tt.credentials+"\npacks: []\n")
			env := func(name string) (string, bool) {
				v, ok := map[string]string{"ROBOT": tt.robot.user, "SECRET": tt.robot.password}[name]
				return v, ok
			}
			c, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{Env: env})
			if err != nil {
				t.Fatal(err)
			}
			spec := &c.Registries[0]
			if tt.robot.password == "" { // $${ is how a literal ${ is written
				if spec.Credentials.Username != tt.robot.user {
					t.Errorf("user %q", spec.Credentials.Username)
				}
				return
			}
			r := open(t, spec, harbor.Options{Options: oci.Options{Env: env}})
			push(t, r, "1.0.0", tt.name)
			if who := r.Client().Who(); who.Username != tt.robot.user {
				t.Errorf("logged in as %q", who.Username)
			}
		})
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
