package ecrtest

import (
	"slices"
	"strings"
)

// rootTemplate is the prefix of a template for every name.
const rootTemplate = "ROOT"

// describeCreationTemplates answers the templates of Options.CreateOnPush, which
// are the same in every registry.
func (s *Server) describeCreationTemplates(c *call) (any, *awsError) {
	templates := make([]map[string]any, 0, len(s.opts.CreateOnPush)+1)
	for _, prefix := range s.opts.CreateOnPush {
		templates = append(templates, map[string]any{"prefix": prefix, "appliedFor": []string{"CREATE_ON_PUSH"}})
	}
	templates = append(templates, map[string]any{"prefix": rootTemplate, "appliedFor": []string{"REPLICATION"}})
	return map[string]any{"registryId": c.registry.Account, "repositoryCreationTemplates": templates}, nil
}

// createOnPush makes the repository of an upload, where a template says so.
func (s *Server) createOnPush(c *call, name string) {
	matches := func(prefix string) bool { return prefix == rootTemplate || strings.HasPrefix(name, prefix+"/") }
	if c.operation != "InitiateLayerUpload" || !slices.ContainsFunc(s.opts.CreateOnPush, matches) {
		return
	}
	if _, there := c.registry.Repository(name); !there {
		c.registry.Put(Repository{Name: name})
	}
}
