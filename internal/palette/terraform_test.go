package palette

import (
	"testing"

	"github.com/packs-cli/packs/manifest"
)

func TestTerraform(t *testing.T) {
	t.Parallel()
	basic, err := Want(&manifest.Registry{
		Type: manifest.TypeHarbor, Host: "h.example", Harbor: &manifest.Harbor{Project: "p"}, TLS: &manifest.TLS{CA: "PEM ${x}\nEND"},
		Palette: &manifest.RegistryPalette{
			Name: "site-1", InsecureSkipVerify: true, ReadAs: &manifest.ReadAs{BasePath: "/x"},
			Credentials: &manifest.PaletteCredentials{Credentials: manifest.Credentials{Username: `robot$p+"%{x}`, PasswordEnv: "P"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	role, err := Want(&manifest.Registry{
		Type: manifest.TypeECR, Host: "1.dkr.ecr.us-east-1.amazonaws.com", RepositoryPrefix: "packs", ECR: &manifest.ECR{},
		Palette: &manifest.RegistryPalette{Name: "9", Credentials: &manifest.PaletteCredentials{RoleARN: "arn:r", ExternalIDEnv: "X"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# Registries of packs.yaml in Palette, for the provider spectrocloud/spectrocloud.
# It registers them, but neither syncs pack registries nor waits for them: after
# "terraform apply" run "packs palette sync --wait" and "packs palette verify".

resource "spectrocloud_registry_oci" "site_1" {
  name               = "site-1"
  type               = "basic"
  endpoint           = "https://h.example"
  is_private         = true
  provider_type      = "pack"
  is_synchronization = true
  base_content_path  = "p"
  endpoint_suffix    = "/x"

  credentials {
    credential_type = "basic"
    username        = "robot$p+\"%%{x}"
    password        = var.site_1_password

    tls_config {
      certificate = <<-EOT
        PEM $${x}
        END
      EOT
      insecure_skip_verify = true
    }
  }
}

variable "site_1_password" {
  type      = string
  sensitive = true
}

resource "spectrocloud_registry_oci" "r9" {
  name               = "9"
  type               = "ecr"
  endpoint           = "1.dkr.ecr.us-east-1.amazonaws.com"
  is_private         = true
  provider_type      = "pack"
  is_synchronization = true
  base_content_path  = "packs"

  credentials {
    credential_type = "sts"
    arn             = "arn:r"
    external_id     = var.r9_external_id
  }
}

variable "r9_external_id" {
  type      = string
  sensitive = true
}
`
	if got := Terraform([]*Wanted{basic, role}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
