package palette

import (
	"fmt"
	"regexp"
	"strings"
)

// Terraform writes resources of the vendor's provider for registries. Secrets
// become variables without a value.
func Terraform(all []*Wanted) string {
	var b strings.Builder
	b.WriteString(`# Registries of packs.yaml in Palette, for the provider spectrocloud/spectrocloud.
# It registers them, but neither syncs pack registries nor waits for them: after
# "terraform apply" run "packs palette sync --wait" and "packs palette verify".
`)
	for _, w := range all {
		w.terraform(&b)
	}
	return b.String()
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// label is a name as Terraform takes it.
func label(name string) string {
	l := notInNames.ReplaceAllString(name, "_")
	if l == "" || l[0] >= '0' && l[0] <= '9' {
		l = "r" + l
	}
	return l
}

// block is a resource that is being written.
type block struct {
	to        *strings.Builder
	label     string
	variables []string
	pending   [][2]string // with their indentation: what stands below each other is aligned
}

// set writes KEY = VALUE; close ends a group of them.
func (b *block) set(indent, key, value string) {
	b.pending = append(b.pending, [2]string{indent + key, value})
}

// close aligns a group as `terraform fmt` does, and writes what follows it.
func (b *block) close(text string) {
	longest := 0
	for _, p := range b.pending {
		longest = max(longest, len(p[0]))
	}
	for _, p := range b.pending {
		fmt.Fprintf(b.to, "%-*s = %s\n", longest, p[0], p[1])
	}
	b.pending = nil
	b.to.WriteString(text)
}

func (b *block) text(indent, key, value string) {
	if value != "" {
		b.set(indent, key, hcl(value))
	}
}

// secret refers to a variable of Terraform.
func (b *block) secret(key string) {
	name := b.label + "_" + key
	b.variables = append(b.variables, name)
	b.set("    ", key, "var."+name)
}

func (w *Wanted) terraform(to *strings.Builder) {
	b := &block{to: to, label: label(w.Name)}
	s := &w.Spec
	fmt.Fprintf(b.to, "\nresource \"spectrocloud_registry_oci\" %q {\n", b.label)
	b.text("  ", "name", w.Name)
	b.text("  ", "type", string(w.Kind))
	b.text("  ", "endpoint", s.Endpoint)
	b.set("  ", "is_private", fmt.Sprint(w.Kind == ECR || s.Auth.Type != "noAuth"))
	b.text("  ", "provider_type", s.ProviderType)
	b.set("  ", "is_synchronization", "true")
	b.text("  ", "base_content_path", s.BaseContentPath)
	b.text("  ", "endpoint_suffix", s.BasePath)
	b.close("\n  credentials {\n")
	if w.Kind == ECR {
		w.terraformECR(b)
	} else {
		w.terraformBasic(b)
	}
	if t := w.trust(); t.Certificate != "" || t.InsecureSkipVerify {
		b.close("\n    tls_config {\n")
		if t.Certificate != "" {
			b.set("      ", "certificate", "<<-EOT\n        "+strings.ReplaceAll(escapeTemplate(t.Certificate), "\n", "\n        ")+"\n      EOT")
			b.close("") // a text of several lines stands alone
		}
		b.set("      ", "insecure_skip_verify", fmt.Sprint(t.InsecureSkipVerify))
		b.close("    }\n")
	}
	b.close("  }\n}\n")
	for _, name := range b.variables {
		fmt.Fprintf(b.to, "\nvariable %q {\n  type      = string\n  sensitive = true\n}\n", name)
	}
}

func (w *Wanted) terraformBasic(b *block) {
	b.text("    ", "credential_type", w.Spec.Auth.Type)
	if w.Spec.Auth.Type != "basic" {
		return
	}
	if w.credentials.Username != "" {
		b.text("    ", "username", w.credentials.Username)
	} else {
		b.secret("username")
	}
	b.secret("password")
}

func (w *Wanted) terraformECR(b *block) {
	kind := w.Spec.Credentials.CredentialType
	if kind == credentialPod {
		b.to.WriteString("    # The provider knows no pod identity: register this one by \"packs palette register\".\n")
		return
	}
	b.text("    ", "credential_type", kind)
	if kind == credentialSecret {
		b.secret("access_key")
		b.secret("secret_key")
		return
	}
	b.text("    ", "arn", w.credentials.RoleARN)
	if w.credentials.ExternalIDEnv != "" {
		b.secret("external_id")
	} else {
		b.text("    ", "external_id", w.credentials.ExternalID)
	}
}

// hcl quotes a text as HCL wants it.
func hcl(text string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text)
	return `"` + escapeTemplate(quoted) + `"`
}

// escapeTemplate keeps ${…} and %{…} what they are.
func escapeTemplate(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}
