package executor

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/packs-cli/packs/manifest"
)

// newRepositories says what packs.yaml wishes of repositories that are created;
// "" where it wishes nothing.
func newRepositories(r *manifest.Registry) string {
	if r.ECR == nil {
		return ""
	}
	want := &r.ECR.Repository
	var parts []string
	add := func(key, value string) {
		if value != "" {
			parts = append(parts, key+" "+value)
		}
	}
	add("tagMutability", want.TagMutability)
	add("exclusionFilters", strings.Join(want.ExclusionFilters, ", "))
	if want.ScanOnPush {
		add("scanOnPush", "true")
	}
	add("encryption.type", want.EncryptionType)
	add("encryption.kmsKey", want.KMSKey)
	tags := make([]string, 0, len(want.Tags))
	for _, key := range slices.Sorted(maps.Keys(want.Tags)) {
		tags = append(tags, fmt.Sprintf("%s=%s", key, want.Tags[key]))
	}
	add("tags", strings.Join(tags, ", "))
	for key, file := range map[string]string{"lifecyclePolicyFile": want.LifecyclePolicyFile, "policyFile": want.PolicyFile} {
		if file != "" {
			add(key, filepath.Base(file))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}
