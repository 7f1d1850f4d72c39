package scaffold

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const catalogHead = `# yaml-language-server: $schema=./packs.schema.json
#
# Which packs go to which registries. "packs plan" shows what would be published,
# "packs apply" publishes it, "packs schema" prints the format of this file.
apiVersion: packs/v1
kind: Catalog

# ---- where to: HOST/[project/][repositoryPrefix/]spectro-packs/archive/NAME:VERSION
registries:
  - name: local                # OCI layouts in a folder: no server, no login
    type: layout
    path: ./dist/registry

  # A registry with a server: put your names in and take the # away.
  # - name: dev
  #   type: oci                # basic or token login; there are also: ecr, harbor
  #   host: registry.example.com:5000             # without https://
  #   repositoryPrefix: team-a
  #   credentials: {username: publisher, passwordEnv: REGISTRY_PASSWORD}  # default: docker's logins

# ---- what: every folder that holds a pack.json; name and version stand in there
packs:`

const catalogTail = `
# ---- how
onChange: fail                 # a version that is published keeps its content: bump the version instead
`

const noPacks = ` []
#  - path: packs/**            # take the [] above and this # away when there are packs
`

// text is the catalog as YAML.
func (c *Catalog) text() string {
	var b strings.Builder
	b.WriteString(catalogHead)
	if len(c.Paths) == 0 {
		b.WriteString(noPacks)
	} else {
		b.WriteString("\n")
	}
	for _, p := range c.Paths {
		fmt.Fprintf(&b, "  - path: %s\n", scalar(p))
		c.excluded(&b, p)
	}
	b.WriteString(catalogTail)
	return b.String()
}

// excluded writes the folders below a glob that cannot be published as they are.
func (c *Catalog) excluded(b *strings.Builder, glob string) {
	below := strings.TrimSuffix(glob, "**")
	head := false
	for _, l := range c.LeftOut {
		pattern := escapeGlob(l.Path)
		if !strings.HasPrefix(pattern, below) {
			continue
		}
		if !head {
			b.WriteString("    exclude:\n")
			head = true
		}
		fmt.Fprintf(b, "      - %s  # %s\n", scalar(pattern), comment(l.Reason))
	}
}

var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*(/\*\*)?$`)

// scalar writes text as a YAML string. A ${ would be read as a variable.
func scalar(s string) string {
	if plainScalar.MatchString(s) {
		return s
	}
	return strconv.QuoteToGraphic(strings.ReplaceAll(s, "${", "$${"))
}

// comment keeps text on one line.
func comment(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
