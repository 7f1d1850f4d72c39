package palette

import (
	"context"
	"net/http"
	"net/url"
)

// Profile is a cluster profile.
type Profile struct{ UID, Name string }

// Used is one pack in a profile.
type Used struct {
	Profile       Profile
	Name, Version string
}

type templateSummary struct {
	Packs []*struct {
		Name string `json:"name"`
	} `json:"packs"`
}

func (t *templateSummary) uses(names map[string]bool) bool {
	if t == nil {
		return false
	}
	for _, p := range t.Packs {
		if p != nil && names[p.Name] {
			return true
		}
	}
	return false
}

// ProfilesUsing lists what cluster profiles use of a registry, of the packs of
// some names: those profiles that this key may see, of the tenant, and of the
// project where one is set.
func (c *Client) ProfilesUsing(ctx context.Context, registryUID string, names map[string]bool) ([]Used, error) {
	candidates, err := c.candidates(ctx, names)
	if err != nil {
		return nil, err
	}
	var used []Used
	for _, p := range candidates {
		packs, err := c.packsOf(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, ref := range packs {
			if ref.registryUID == registryUID && names[ref.name] {
				used = append(used, Used{Profile: p, Name: ref.name, Version: ref.version})
			}
		}
	}
	return used, nil
}

// candidates are the profiles with a pack of one of the names, from whatever
// registry: the list does not tell it.
func (c *Client) candidates(ctx context.Context, names map[string]bool) ([]Profile, error) {
	var found []Profile
	err := c.pages(ctx, func(ctx context.Context, query url.Values) (*listMeta, error) {
		var reply struct {
			ListMeta *listMeta `json:"listmeta"`
			Items    []*struct {
				Metadata    *Metadata `json:"metadata"`
				SpecSummary *struct {
					Published *templateSummary `json:"published"`
					Draft     *templateSummary `json:"draft"`
				} `json:"specSummary"`
			} `json:"items"`
		}
		err := c.do(ctx, "list cluster profiles of", call{
			method: http.MethodPost, path: "/v1/dashboard/clusterprofiles", query: query, scope: projectScope,
			body: map[string]any{"filter": map[string]any{}}, out: &reply,
		})
		for _, i := range reply.Items {
			if i != nil && i.Metadata != nil && i.SpecSummary != nil && (i.SpecSummary.Published.uses(names) || i.SpecSummary.Draft.uses(names)) {
				found = append(found, Profile{UID: i.Metadata.UID, Name: c.http.Clean(i.Metadata.Name)})
			}
		}
		return reply.ListMeta, err
	})
	return found, err
}

type packRef struct{ name, version, registryUID string }

func (c *Client) packsOf(ctx context.Context, p Profile) ([]packRef, error) {
	type template struct {
		Packs []*struct {
			Name        string `json:"name"`
			Tag         string `json:"tag"`
			Version     string `json:"version"`
			RegistryUID string `json:"registryUid"`
		} `json:"packs"`
	}
	var reply struct {
		Spec *struct {
			Published *template `json:"published"`
			Draft     *template `json:"draft"`
		} `json:"spec"`
	}
	err := c.do(ctx, "read cluster profile "+p.Name+" of", call{
		method: http.MethodGet, path: "/v1/clusterprofiles/" + url.PathEscape(p.UID), scope: projectScope, out: &reply,
	})
	if err != nil || reply.Spec == nil {
		return nil, err
	}
	seen := make(map[packRef]bool)
	var refs []packRef
	for _, t := range []*template{reply.Spec.Published, reply.Spec.Draft} {
		if t == nil {
			continue
		}
		for _, r := range t.Packs {
			if r == nil {
				continue
			}
			version := r.Version
			if version == "" {
				version = r.Tag
			}
			ref := packRef{name: r.Name, version: c.http.Clean(version), registryUID: r.RegistryUID}
			if !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
	}
	return refs, nil
}
