package ecrtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// change runs fn on a repository that a call names.
func (c *call) change(name string, fn func(*Repository) (any, *awsError)) (any, *awsError) {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repositories[name]
	if repo == nil {
		return nil, r.missing(name)
	}
	return fn(repo)
}

func (s *Server) putImageTagMutability(c *call) (any, *awsError) {
	var in struct {
		RepositoryName                     string
		ImageTagMutability                 string
		ImageTagMutabilityExclusionFilters []mutabilityFilter
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	filters, err := readMutability(in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters)
	if err != nil {
		return nil, err
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		repo.TagMutability, repo.ExclusionFilters = in.ImageTagMutability, filters
		return map[string]any{
			"registryId": c.registry.Account, "repositoryName": repo.Name, "imageTagMutability": repo.TagMutability,
			"imageTagMutabilityExclusionFilters": filtersJSON(filters),
		}, nil
	})
}

func (s *Server) putImageScanningConfiguration(c *call) (any, *awsError) {
	var in struct {
		RepositoryName             string
		ImageScanningConfiguration scanning
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		repo.ScanOnPush = in.ImageScanningConfiguration.ScanOnPush
		return map[string]any{
			"registryId": c.registry.Account, "repositoryName": repo.Name,
			"imageScanningConfiguration": scanning{repo.ScanOnPush},
		}, nil
	})
}

func (s *Server) putLifecyclePolicy(c *call) (any, *awsError) {
	var in struct{ RepositoryName, LifecyclePolicyText string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	var text bytes.Buffer // the service stores it without white space
	if json.Compact(&text, []byte(in.LifecyclePolicyText)) != nil || !strings.Contains(text.String(), `"rules"`) {
		return nil, failure("InvalidParameterException", "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: string is not a valid policy'")
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		repo.LifecyclePolicy = text.String()
		return c.lifecycle(repo), nil
	})
}

func (s *Server) getLifecyclePolicy(c *call) (any, *awsError) {
	var in struct{ RepositoryName string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		if repo.LifecyclePolicy == "" {
			return nil, failure("LifecyclePolicyNotFoundException",
				fmt.Sprintf("Lifecycle policy does not exist for the repository with name '%s' in the registry with id '%s'", repo.Name, c.registry.Account))
		}
		return c.lifecycle(repo), nil
	})
}

func (c *call) lifecycle(repo *Repository) any {
	return map[string]any{
		"registryId": c.registry.Account, "repositoryName": repo.Name, "lifecyclePolicyText": repo.LifecyclePolicy,
	}
}

func (s *Server) setRepositoryPolicy(c *call) (any, *awsError) {
	var in struct{ RepositoryName, PolicyText string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	var text bytes.Buffer // the service answers it in its own layout
	if json.Indent(&text, []byte(in.PolicyText), "", "  ") != nil || !strings.Contains(text.String(), `"Statement"`) {
		return nil, failure("InvalidParameterException", "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'")
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		repo.Policy = text.String()
		return c.policy(repo), nil
	})
}

func (s *Server) getRepositoryPolicy(c *call) (any, *awsError) {
	var in struct{ RepositoryName string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		if repo.Policy == "" {
			return nil, failure("RepositoryPolicyNotFoundException",
				fmt.Sprintf("Repository policy does not exist for the repository with name '%s' in the registry with id '%s'", repo.Name, c.registry.Account))
		}
		return c.policy(repo), nil
	})
}

func (c *call) policy(repo *Repository) any {
	return map[string]any{"registryId": c.registry.Account, "repositoryName": repo.Name, "policyText": repo.Policy}
}

func (s *Server) tagResource(c *call) (any, *awsError) {
	var in struct {
		ResourceARN string
		Tags        []tag
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(nameIn(in.ResourceARN), func(repo *Repository) (any, *awsError) {
		if repo.Tags == nil {
			repo.Tags = make(map[string]string)
		}
		for _, t := range in.Tags {
			repo.Tags[t.Key] = t.Value
		}
		return map[string]any{}, nil
	})
}

func (s *Server) listTagsForResource(c *call) (any, *awsError) {
	var in struct{ ResourceARN string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(nameIn(in.ResourceARN), func(repo *Repository) (any, *awsError) {
		tags := make([]tag, 0, len(repo.Tags))
		for _, key := range slices.Sorted(maps.Keys(repo.Tags)) {
			tags = append(tags, tag{key, repo.Tags[key]})
		}
		return map[string]any{"tags": tags}, nil
	})
}

func nameIn(resource string) string {
	_, name, _ := strings.Cut(resource, ":repository/")
	return name
}
