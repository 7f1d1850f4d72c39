package executor

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

func selection() *manifest.Catalog {
	return &manifest.Catalog{
		File: "packs.yaml",
		Registries: []manifest.Registry{
			{Name: "dev-a"},
			{Name: "dev-b"},
			{Name: "prod", Manual: true},
			{Name: "old", ReadOnly: true},
		},
		Packs: []manifest.Pack{
			{Name: "argo-cd", Version: "3.0.0"},
			{Name: "nginx", Version: "1.2.0"},
			{Name: "nginx", Version: "1.10.0"},
			{Name: "nginx", Version: "nightly"},
		},
	}
}

func TestChooseRegistries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		patterns []string
		want     string // names, or a part of the error
	}{
		{nil, "dev-a dev-b"},
		{[]string{"dev-*"}, "dev-a dev-b"},
		{[]string{"dev-b"}, "dev-b"},
		{[]string{"*"}, "dev-a dev-b"},
		{[]string{"prod"}, "prod"},
		{[]string{"*", "prod"}, "dev-a dev-b prod"},
		{[]string{"old"}, "error: readOnly"},
		{[]string{"stage"}, "error: no such registry; it has dev-a, dev-b, prod, old"},
		{[]string{"["}, "error: not a glob"},
	}
	for _, tt := range tests {
		regs, err := chooseRegistries(selection(), tt.patterns, false)
		if wanted, isError := strings.CutPrefix(tt.want, "error: "); isError {
			var input *InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%q: error %v, want an InputError with %q", tt.patterns, err, wanted)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.patterns, err)
		}
		var names []string
		for _, r := range regs {
			names = append(names, r.Name)
		}
		if !slices.Equal(names, strings.Fields(tt.want)) {
			t.Errorf("%q: chose %q, want %s", tt.patterns, names, tt.want)
		}
	}
}

func TestChoosePacks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		selectors []string
		want      string
	}{
		{nil, "argo-cd@3.0.0 nginx@1.2.0 nginx@1.10.0 nginx@nightly"},
		{[]string{"argo-cd"}, "argo-cd@3.0.0"},
		{[]string{"nginx@>=1.5"}, "nginx@1.10.0"},
		{[]string{"nginx@nightly", "argo-*"}, "argo-cd@3.0.0 nginx@nightly"},
		{[]string{"nginx@9.0.0"}, "error: no version of that pack"},
		{[]string{"apache"}, "error: no pack of that name"},
		{[]string{"@1.0"}, "error: want NAME"},
		{[]string{"nginx@>=one"}, "error: version range"},
	}
	for _, tt := range tests {
		var packs []*manifest.Pack
		selectors, err := parseSelectors(tt.selectors)
		if err == nil {
			packs, err = choosePacks(selection(), selectors)
		}
		if wanted, isError := strings.CutPrefix(tt.want, "error: "); isError {
			var input *InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%q: error %v, want an InputError with %q", tt.selectors, err, wanted)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.selectors, err)
		}
		var names []string
		for _, p := range packs {
			names = append(names, p.Name+"@"+p.Version)
		}
		if !slices.Equal(names, strings.Fields(tt.want)) {
			t.Errorf("%q: chose %q, want %s", tt.selectors, names, tt.want)
		}
	}
}

func TestReadOnlyRegistriesCanBePulledFrom(t *testing.T) {
	t.Parallel()
	regs, err := chooseRegistries(selection(), []string{"old"}, true)
	if err != nil || len(regs) != 1 || regs[0].Name != "old" {
		t.Errorf("chose %v, %v; want old", regs, err)
	}
}
