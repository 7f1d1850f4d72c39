package palette

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
)

// Listed is a pack of a registry: a name, with its newest version.
type Listed struct {
	Name, LatestVersion, LatestUID string
}

// maxPages bounds a list: 50 packs a page are far more than any registry has.
const maxPages = 1000

// pages asks for every page of a list. Where the same token comes again, the
// list would never end.
func (c *Client) pages(ctx context.Context, page func(ctx context.Context, query url.Values) (*listMeta, error)) error {
	query := url.Values{"limit": {"50"}}
	seen := make(map[string]bool)
	for range maxPages {
		meta, err := page(ctx, query)
		if err != nil {
			return err
		}
		next := meta.next()
		if next == "" || seen[next] {
			return nil
		}
		seen[next] = true
		query.Set("continue", next)
	}
	return nil
}

// Search lists the packs that Palette shows of a registry.
func (c *Client) Search(ctx context.Context, registryUID string) ([]Listed, error) {
	var all []Listed
	filter := map[string]any{"filter": map[string]any{"registryUid": []string{registryUID}}}
	err := c.pages(ctx, func(ctx context.Context, query url.Values) (*listMeta, error) {
		var reply struct {
			ListMeta *listMeta `json:"listmeta"`
			Items    []*struct {
				Spec *struct {
					Name       string `json:"name"`
					Registries []*struct {
						UID           string `json:"uid"`
						LatestVersion string `json:"latestVersion"`
						LatestPackUID string `json:"latestPackUid"`
					} `json:"registries"`
				} `json:"spec"`
			} `json:"items"`
		}
		err := c.do(ctx, "search packs at", call{method: http.MethodPost, path: "/v1/packs/search", query: query, scope: projectScope, body: filter, out: &reply})
		for _, i := range reply.Items {
			if i == nil || i.Spec == nil {
				continue
			}
			for _, r := range i.Spec.Registries {
				if r != nil && r.UID == registryUID {
					all = append(all, Listed{Name: i.Spec.Name, LatestVersion: r.LatestVersion, LatestUID: r.LatestPackUID})
				}
			}
		}
		return reply.ListMeta, err
	})
	return all, err
}

// Pack is what Palette has of one pack in one registry, in all its versions.
type Pack struct {
	Name   string   `json:"name"`
	Tags   []*Tag   `json:"tags"`
	Values []*Value `json:"packValues"`
}

// Tag is one version of a pack.
type Tag struct {
	PackUID string `json:"packUid"`
	Version string `json:"version"`
	Tag     string `json:"tag"`
}

// Value is what Palette read from the files of one version.
type Value struct {
	PackUID string    `json:"packUid"`
	Values  string    `json:"values"`
	Readme  string    `json:"readme"`
	Presets []*Preset `json:"presets"`
	Schema  []*Param  `json:"schema"`
}

// Preset is one choice of presets.yaml.
type Preset struct {
	Name  string `json:"name"`
	Group string `json:"group"`
}

// Param is one constraint of schema.yaml.
type Param struct {
	Name string `json:"name"`
}

// Pack returns what Palette has of a pack in a registry; nil where it has none.
func (c *Client) Pack(ctx context.Context, name, registryUID string) (*Pack, error) {
	return c.pack(ctx, "read pack "+name+" at", "/v1/packs/"+url.PathEscape(name)+"/registries/"+url.PathEscape(registryUID))
}

// PackByUID returns one version of a pack; nil where there is none.
func (c *Client) PackByUID(ctx context.Context, uid string) (*Pack, error) {
	return c.pack(ctx, "read pack "+uid+" at", "/v1/packs/"+url.PathEscape(uid))
}

func (c *Client) pack(ctx context.Context, op, path string) (*Pack, error) {
	p := &Pack{}
	err := c.do(ctx, op, call{method: http.MethodGet, path: path, scope: projectScope, out: p})
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil //nolint:nilnil // it is not there, which is an answer
	}
	return p, err
}

// Tag returns the version, or nil. Palette writes it as version or as tag,
// where a tag may begin with a group: lts__1.2.3.
func (p *Pack) Tag(version string) *Tag {
	if p == nil {
		return nil
	}
	for _, t := range p.Tags {
		if t != nil && t.Version == version {
			return t
		}
	}
	for _, t := range p.Tags {
		if t == nil {
			continue
		}
		_, label, grouped := strings.Cut(t.Tag, "__")
		if t.Tag == version || grouped && label == version {
			return t
		}
	}
	return nil
}

// Value returns what Palette read of a version, or nil.
func (p *Pack) Value(packUID string) *Value {
	if p == nil {
		return nil
	}
	for _, v := range p.Values {
		if v != nil && v.PackUID == packUID {
			return v
		}
	}
	return nil
}
