package ecrtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const namePattern = `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`

var validName = regexp.MustCompile(`^` + namePattern + `$`)

type mutabilityFilter struct {
	Filter     string `json:"filter"`
	FilterType string `json:"filterType"`
}

type scanning struct {
	ScanOnPush bool `json:"scanOnPush"`
}

type encryption struct {
	EncryptionType string `json:"encryptionType"`
	KMSKey         string `json:"kmsKey,omitempty"`
}

type tag struct {
	Key   string
	Value string
}

// repositoryJSON is a repository as the API describes it.
type repositoryJSON struct {
	RepositoryARN                      string             `json:"repositoryArn"`
	RegistryID                         string             `json:"registryId"`
	RepositoryName                     string             `json:"repositoryName"`
	RepositoryURI                      string             `json:"repositoryUri"`
	CreatedAt                          float64            `json:"createdAt"`
	ImageTagMutability                 string             `json:"imageTagMutability"`
	ImageTagMutabilityExclusionFilters []mutabilityFilter `json:"imageTagMutabilityExclusionFilters,omitempty"`
	ImageScanningConfiguration         scanning           `json:"imageScanningConfiguration"`
	EncryptionConfiguration            encryption         `json:"encryptionConfiguration"`
}

func (r *Registry) describe(repo *Repository) repositoryJSON {
	return repositoryJSON{
		RepositoryARN: r.arn(repo.Name), RegistryID: r.Account, RepositoryName: repo.Name,
		RepositoryURI: r.uri(repo.Name), CreatedAt: float64(repo.CreatedAt.UnixMilli()) / 1000,
		ImageTagMutability: repo.TagMutability, ImageTagMutabilityExclusionFilters: filtersJSON(repo.ExclusionFilters),
		ImageScanningConfiguration: scanning{repo.ScanOnPush},
		EncryptionConfiguration:    encryption{repo.EncryptionType, repo.KMSKey},
	}
}

func filtersJSON(filters []string) []mutabilityFilter {
	out := make([]mutabilityFilter, 0, len(filters)) // left out of the JSON where empty
	for _, f := range filters {
		out = append(out, mutabilityFilter{Filter: f, FilterType: "WILDCARD"})
	}
	return out
}

func (s *Server) createRepository(c *call) (any, *awsError) {
	var in struct {
		RepositoryName                     string
		ImageTagMutability                 string
		ImageTagMutabilityExclusionFilters []mutabilityFilter
		ImageScanningConfiguration         scanning
		EncryptionConfiguration            encryption
		Tags                               []tag
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := checkName(in.RepositoryName); err != nil {
		return nil, err
	}
	filters, err := readMutability(in.ImageTagMutability, in.ImageTagMutabilityExclusionFilters)
	if err != nil {
		return nil, err
	}
	r := c.registry
	repo := Repository{
		Name: in.RepositoryName, TagMutability: in.ImageTagMutability, ExclusionFilters: filters,
		ScanOnPush: in.ImageScanningConfiguration.ScanOnPush, EncryptionType: in.EncryptionConfiguration.EncryptionType,
		Tags: make(map[string]string),
	}
	if repo.EncryptionType != "" && repo.EncryptionType != "AES256" {
		repo.KMSKey = r.keyARN(in.EncryptionConfiguration.KMSKey)
	}
	for _, t := range in.Tags {
		repo.Tags[t.Key] = t.Value
	}
	if len(in.Tags) > 0 {
		if err := c.who.authorize("TagResource", r, in.RepositoryName); err != nil {
			return nil, err
		}
	}
	return r.create(repo)
}

func (r *Registry) create(repo Repository) (any, *awsError) {
	r.mu.Lock()
	_, there := r.repositories[repo.Name]
	full := len(r.repositories) >= r.server.opts.MaxRepositories
	r.mu.Unlock()
	switch {
	case there:
		return nil, failure("RepositoryAlreadyExistsException",
			fmt.Sprintf("The repository with name '%s' already exists in the registry with id '%s'", repo.Name, r.Account))
	case full:
		return nil, failure("LimitExceededException",
			fmt.Sprintf("The registry with id '%s' already has the maximum allowed number of repositories which is '%d'", r.Account, r.server.opts.MaxRepositories))
	}
	r.Put(repo)
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[string]any{"repository": r.describe(r.repositories[repo.Name])}, nil
}

func checkName(name string) *awsError {
	if len(name) < 2 || len(name) > 256 || !validName.MatchString(name) {
		return failure("InvalidParameterException",
			fmt.Sprintf("Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '%s''", namePattern))
	}
	return nil
}

// readMutability checks a mutability with its filters.
func readMutability(mode string, in []mutabilityFilter) ([]string, *awsError) {
	withFilters := strings.HasSuffix(mode, "_WITH_EXCLUSION")
	switch mode {
	case "", "MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION":
	default:
		return nil, failure("InvalidParameterException", "Invalid parameter at 'imageTagMutability' failed to satisfy constraint: 'Member must satisfy enum value set'")
	}
	if withFilters != (len(in) > 0) || len(in) > 5 {
		return nil, failure("InvalidParameterException", "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'one to five filters with, none without exclusion'")
	}
	var filters []string
	for _, f := range in {
		if f.FilterType != "WILDCARD" || f.Filter == "" {
			return nil, failure("InvalidParameterException", "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'WILDCARD filters only'")
		}
		filters = append(filters, f.Filter)
	}
	return filters, nil
}

// keyARN resolves a KMS key the way the API answers it: aliases become keys.
func (r *Registry) keyARN(key string) string {
	if strings.HasPrefix(key, "arn:") && strings.Contains(key, ":key/") {
		return key
	}
	id := "00000000-0000-0000-0000-000000000000" // of the alias, whichever it is
	if key != "" && !strings.Contains(key, "alias/") {
		id = key
	}
	return fmt.Sprintf("arn:%s:kms:%s:%s:key/%s", partition(r.Region), r.Region, r.Account, id)
}

func (s *Server) describeRepositories(c *call) (any, *awsError) {
	var in struct {
		RepositoryNames []string
		NextToken       string
		MaxResults      int
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	out := struct {
		Repositories []repositoryJSON `json:"repositories"`
		NextToken    string           `json:"nextToken,omitempty"`
	}{Repositories: []repositoryJSON{}}
	if len(in.RepositoryNames) > 0 {
		if in.NextToken != "" || in.MaxResults != 0 || len(in.RepositoryNames) > 100 {
			return nil, failure("InvalidParameterException", "Invalid parameter: paging cannot be used with repositoryNames, of which 100 may be given")
		}
		for _, name := range in.RepositoryNames { // one that is missing fails all
			repo := r.repositories[name]
			if repo == nil {
				return nil, r.missing(name)
			}
			out.Repositories = append(out.Repositories, r.describe(repo))
		}
		return out, nil
	}
	page, next, err := s.page(slices.Sorted(maps.Keys(r.repositories)), in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	for _, name := range page {
		out.Repositories = append(out.Repositories, r.describe(r.repositories[name]))
	}
	out.NextToken = next
	return out, nil
}

func (r *Registry) missing(name string) *awsError {
	return failure("RepositoryNotFoundException",
		fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", name, r.Account))
}

// page cuts sorted keys into pages. A token is the last key of the page before.
func (s *Server) page(keys []string, token string, limit int) (page []string, next string, err *awsError) {
	if limit == 0 {
		limit = s.opts.PageSize
	}
	if limit < 1 || limit > 1000 {
		return nil, "", failure("InvalidParameterException", "Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value between 1 and 1000'")
	}
	start := 0
	if token != "" {
		key, ok := strings.CutPrefix(token, "page-after-")
		if !ok {
			return nil, "", failure("InvalidParameterException", "Invalid parameter at 'nextToken' failed to satisfy constraint: 'must be a token of an earlier reply'")
		}
		start, _ = slices.BinarySearch(keys, key+"\x00")
	}
	end := min(start+limit, len(keys))
	if end < len(keys) {
		next = "page-after-" + keys[end-1]
	}
	return keys[start:end], next, nil
}

func (s *Server) deleteRepository(c *call) (any, *awsError) {
	var in struct {
		RepositoryName string
		Force          bool
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repositories[in.RepositoryName]
	switch {
	case repo == nil:
		return nil, r.missing(in.RepositoryName)
	case len(repo.images) > 0 && !in.Force:
		return nil, failure("RepositoryNotEmptyException",
			fmt.Sprintf("The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", repo.Name, r.Account))
	}
	delete(r.repositories, repo.Name)
	return map[string]any{"repository": r.describe(repo)}, nil
}

func (s *Server) describeRegistry(c *call) (any, *awsError) {
	return map[string]any{
		"registryId":               c.registry.Account,
		"replicationConfiguration": map[string]any{"rules": []any{}},
	}, nil
}

// getAuthorizationToken answers the caller's own registry, or those asked for.
func (s *Server) getAuthorizationToken(c *call) (any, *awsError) {
	var in struct{ RegistryIDs []string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if len(in.RegistryIDs) == 0 {
		in.RegistryIDs = []string{c.who.account}
	}
	data := []map[string]any{}
	for _, account := range in.RegistryIDs {
		r := s.Registry(account, c.registry.Region)
		if r == nil {
			return nil, failure("InvalidParameterException", "Invalid parameter at 'registryIds': no registry with id '"+account+"'")
		}
		text, expires := s.issueToken(c.who, r.Region)
		data = append(data, map[string]any{
			"authorizationToken": text, "expiresAt": float64(expires.UnixMilli()) / 1000,
			"proxyEndpoint": s.scheme() + "://" + r.address(),
		})
	}
	return map[string]any{"authorizationData": data}, nil
}
