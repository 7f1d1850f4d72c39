package ecr

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// settings is what packs.yaml wishes of repositories, ready for the API.
type settings struct {
	spec       *manifest.ECRRepository
	mutability types.ImageTagMutability // "" where nothing is wished
	lifecycle  string                   // JSON; "" where nothing is wished
	policy     string                   // JSON; "" where nothing is wished
}

// wishes reads the settings and the policy files that they name.
func wishes(spec *manifest.ECRRepository) (*settings, error) {
	s := &settings{spec: spec, mutability: mutability(spec)}
	var err error
	if s.lifecycle, err = readPolicy("repository.lifecyclePolicyFile", spec.LifecyclePolicyFile); err != nil {
		return nil, err
	}
	if s.policy, err = readPolicy("repository.policyFile", spec.PolicyFile); err != nil {
		return nil, err
	}
	return s, nil
}

const withExclusion = "_WITH_EXCLUSION"

// mutability adds to the mode that there are exclusion filters, which the API
// wants to be told.
func mutability(spec *manifest.ECRRepository) types.ImageTagMutability {
	mode := spec.TagMutability
	if len(spec.ExclusionFilters) > 0 && !strings.HasSuffix(mode, withExclusion) {
		mode = cmp.Or(mode, string(types.ImageTagMutabilityMutable)) + withExclusion
	}
	return types.ImageTagMutability(mode)
}

// maxPolicy bounds policy files; the service takes up to 30,720 characters.
const maxPolicy = 64 << 10

func readPolicy(setting, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	f, err := os.Open(file) // #nosec G304 -- packs.yaml names it
	if err != nil {
		return "", fmt.Errorf("%s: %w", setting, err)
	}
	defer func() { _ = f.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", setting, err)
	}
	if len(text) > maxPolicy {
		return "", fmt.Errorf("%s %s is larger than %d bytes", setting, file, maxPolicy)
	}
	if !json.Valid(text) {
		return "", fmt.Errorf("%s %s is not JSON", setting, file)
	}
	return string(text), nil
}

func (s *settings) filters() []types.ImageTagMutabilityExclusionFilter {
	if len(s.spec.ExclusionFilters) == 0 {
		return nil // an empty list would be sent
	}
	out := make([]types.ImageTagMutabilityExclusionFilter, 0, len(s.spec.ExclusionFilters))
	for _, f := range s.spec.ExclusionFilters {
		out = append(out, types.ImageTagMutabilityExclusionFilter{
			Filter: aws.String(f), FilterType: types.ImageTagMutabilityExclusionFilterTypeWildcard,
		})
	}
	return out
}

func (s *settings) tags() []types.Tag {
	if len(s.spec.Tags) == 0 {
		return nil // an empty list would be sent
	}
	out := make([]types.Tag, 0, len(s.spec.Tags))
	for key, value := range s.spec.Tags {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	slices.SortFunc(out, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return out
}

func (s *settings) encryption() *types.EncryptionConfiguration {
	kind := s.encryptionType()
	if kind == "" {
		return nil
	}
	e := &types.EncryptionConfiguration{EncryptionType: types.EncryptionType(kind)}
	if s.spec.KMSKey != "" {
		e.KmsKey = aws.String(s.spec.KMSKey)
	}
	return e
}

// encryptionType is KMS where only a key is given.
func (s *settings) encryptionType() string {
	if s.spec.EncryptionType == "" && s.spec.KMSKey != "" {
		return string(types.EncryptionTypeKms)
	}
	return s.spec.EncryptionType
}

// none tells whether packs.yaml wishes nothing.
func (s *settings) none() bool {
	return s.mutability == "" && !s.spec.ScanOnPush && s.encryptionType() == "" && len(s.spec.Tags) == 0 &&
		s.lifecycle == "" && s.policy == ""
}

// compare lists in what a repository differs, as far as its description tells.
func (s *settings) compare(r *types.Repository) []registry.Difference {
	var out []registry.Difference
	if want, have := describeMutability(s.mutability, s.spec.ExclusionFilters), describeMutability(r.ImageTagMutability, filterTexts(r)); s.mutability != "" && want != have {
		out = append(out, registry.Difference{Setting: "tagMutability", Have: have, Want: want})
	}
	if s.spec.ScanOnPush && (r.ImageScanningConfiguration == nil || !r.ImageScanningConfiguration.ScanOnPush) {
		out = append(out, registry.Difference{Setting: "scanOnPush", Have: "false", Want: "true"})
	}
	if want := s.encryptionType(); want != "" {
		have := &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256}
		if r.EncryptionConfiguration != nil {
			have = r.EncryptionConfiguration
		}
		if string(have.EncryptionType) != want {
			out = append(out, registry.Difference{Setting: "encryption.type", Have: string(have.EncryptionType), Want: want, Fixed: true})
		} else if key := aws.ToString(have.KmsKey); !sameKey(s.spec.KMSKey, key) {
			out = append(out, registry.Difference{Setting: "encryption.kmsKey", Have: key, Want: s.spec.KMSKey, Fixed: true})
		}
	}
	return out
}

func filterTexts(r *types.Repository) []string {
	out := make([]string, 0, len(r.ImageTagMutabilityExclusionFilters))
	for _, f := range r.ImageTagMutabilityExclusionFilters {
		out = append(out, aws.ToString(f.Filter))
	}
	return out
}

func describeMutability(mode types.ImageTagMutability, filters []string) string {
	if len(filters) == 0 {
		return string(mode)
	}
	sorted := slices.Sorted(slices.Values(filters))
	return string(mode) + " " + strings.Join(sorted, ", ")
}

// sameKey tells whether a repository may be encrypted with a key. The API
// answers a key's ARN: of which key an alias is cannot be seen in it.
func sameKey(want, have string) bool {
	return want == "" || strings.Contains(want, "alias/") || want == have || strings.HasSuffix(have, ":key/"+want)
}

// compareTags lists wished tags that a repository does not have as wished.
func (s *settings) compareTags(held []types.Tag) []registry.Difference {
	have := make(map[string]string, len(held))
	for _, t := range held {
		have[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	var out []registry.Difference
	for _, t := range s.tags() {
		if value, ok := have[*t.Key]; !ok || value != *t.Value {
			out = append(out, registry.Difference{Setting: "tags." + *t.Key, Have: value, Want: *t.Value})
		}
	}
	return out
}
