package lint

import (
	"context"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/packs-cli/packs/internal/pack"
)

const unusedIgnore = "unused-ignore"

// outsideRules need more than the files of packs.
var outsideRules = []Rule{
	{ID: "version-not-bumped", Severity: Error, Summary: "files of an existing version changed", Needs: NeedsGit, across: checkBumped},
	{ID: "version-goes-back", Severity: Warning, Summary: "a new version is lower than one that is there already", Needs: NeedsGit, across: checkGoesBack},
	{ID: "published-content", Severity: Error, Summary: "a published version would get other content", Needs: NeedsOnline, across: checkPublished},
	{ID: "image-unresolvable", Severity: Error, Summary: "a registry does not have an image that values.yaml lists", Needs: NeedsImages, across: checkImages},
	{ID: "packs-yaml", Severity: Error, Summary: "packs.yaml is wrong", Needs: NeedsConfig},
	{ID: unusedIgnore, Severity: Warning, Summary: "an entry of lint.ignore ignores nothing", Needs: NeedsConfig},
}

// Since is what git knows of the catalog at the commit that it is compared with.
type Since struct {
	Ref      string              // as the user named it
	Versions map[string][]string // versions that are there, by name of the pack
	Changed  map[string][]string // files that differ in a pack whose NAME:VERSION is there, by Input.Path
}

func checkBumped(s *survey) {
	if s.cfg.Since == nil {
		return
	}
	for _, f := range s.mine() {
		files := s.cfg.Since.Changed[f.in.Path]
		if len(files) == 0 {
			continue
		}
		hint := "give it a new version, or take the change back: clusters depend on what is published"
		if next := bumped(f.version); next != "" {
			hint = "set version to " + quote(next) + ", or take the change back: clusters depend on what is published"
		}
		s.reportf(f, f.at["version"], hint, "%s %s is at %s with other content: %s changed", f.name, f.version, s.cfg.Since.Ref, allOf(shorten(files)))
	}
}

// bumped returns the next patch version, or "".
func bumped(version string) string {
	v, err := semver.StrictNewVersion(version)
	if err != nil || v.Prerelease() != "" {
		return ""
	}
	next := v.IncPatch()
	return next.String()
}

// checkGoesBack looks at versions that the other commit does not have. The next
// patch of an older line is no step back.
func checkGoesBack(s *survey) {
	if s.cfg.Since == nil {
		return
	}
	for _, f := range s.mine() {
		there := s.cfg.Since.Versions[f.name]
		if len(there) == 0 || f.version == "" || slices.Contains(there, f.version) {
			continue
		}
		highest := slices.MaxFunc(there, pack.CompareVersions)
		if pack.CompareVersions(f.version, highest) > 0 || leadsItsLine(f.version, there) {
			continue
		}
		s.reportf(f, f.at["version"], "", "%s %s is new and lower than %s, which is there already", f.name, f.version, highest)
	}
}

// leadsItsLine tells whether a version is the highest of its MAJOR.MINOR, and
// not the only one.
func leadsItsLine(version string, there []string) bool {
	v, err := semver.NewVersion(version)
	if err != nil {
		return false
	}
	line := 0
	for _, other := range there {
		o, err := semver.NewVersion(other)
		if err != nil || o.Major() != v.Major() || o.Minor() != v.Minor() {
			continue
		}
		line++
		if o.GreaterThan(v) {
			return false
		}
	}
	return line > 0
}

// checkPublished reports packs whose content differs from what is published
// under their version.
func checkPublished(s *survey) {
	for _, f := range s.mine() {
		for _, said := range s.cfg.Published[f.in.Path] {
			hint := "give it a new version, or take the change back: clusters depend on what is published"
			if next := bumped(f.version); next != "" {
				hint = "set version to " + quote(next) + ", or take the change back: clusters depend on what is published"
			}
			s.reportf(f, f.at["version"], hint, "%s %s is %s", f.name, f.version, said)
		}
	}
}

// ImageChecker asks registries whether images are there.
type ImageChecker interface {
	// Check asks for all images at once, and returns a verdict for each.
	Check(ctx context.Context, images []string) []ImageVerdict
}

// ImageVerdict is what a registry said of an image.
type ImageVerdict struct {
	State   ImageState
	Message string // what was said, or why nothing was
}

// ImageState says whether an image is there.
type ImageState int

// The states of images.
const (
	ImageFound   ImageState = iota + 1
	ImageMissing            // the registry says that there is none
	ImageDenied             // the registry does not tell without credentials
	ImageUnknown            // the registry could not be asked
)

// checkImages asks once for each image, however many packs list it.
func checkImages(s *survey) {
	if s.cfg.Images == nil {
		return
	}
	var refs []string
	for _, f := range s.mine() {
		for _, i := range f.images {
			refs = append(refs, imageOf(i.ref))
		}
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	if len(refs) == 0 {
		return
	}
	verdicts := s.cfg.Images.Check(s.ctx, refs)
	for _, f := range s.mine() {
		for _, i := range f.images {
			at, _ := slices.BinarySearch(refs, imageOf(i.ref))
			if at < len(verdicts) {
				s.image(f, i, verdicts[at])
			}
		}
	}
}

func (s *survey) image(f *facts, i imageUse, v ImageVerdict) {
	said := strings.TrimSpace(v.Message)
	switch v.State {
	case ImageFound:
	case ImageMissing:
		s.reportf(f, i.at, "look at the name and the tag", "the image %s is not there: %s", quote(i.ref), said)
	case ImageDenied:
		s.reportf(f, i.at, "`docker login` to its registry lets packs look", "whether the image %s is there could not be told: %s", quote(i.ref), said).Severity = Info
	default:
		s.reportf(f, i.at, "", "the registry of the image %s could not be asked: %s", quote(i.ref), said).Severity = Warning
	}
}
