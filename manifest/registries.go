package manifest

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// registries reads registries: into the catalog.
func (l *loader) registries() {
	values := l.root.get("registries")
	if !values.good() {
		l.unnamed = true
		return
	}
	names := map[string]Position{}
	for _, v := range values.items {
		if !v.get("name").known() || v.kind != mapping {
			l.unnamed = true
			continue
		}
		name := v.get("name")
		if first, ok := names[name.text]; ok {
			l.report.errorf(name.pos, "give each registry a name of its own", "registry %s is there twice: first in line %d", name.shown(), first.Line)
			continue
		}
		names[name.text] = name.pos
		l.places[name.text] = len(l.catalog.Registries)
		l.catalog.Registries = append(l.catalog.Registries, l.registry(v))
		l.registryValues = append(l.registryValues, v)
	}
	l.sameTargets()
	l.palettes()
}

// registry reads one registry. What was found wrong before is left at its default.
func (l *loader) registry(v *value) Registry {
	r := Registry{
		Name:               v.str("name"),
		Type:               RegistryType(v.str("type")),
		Host:               v.str("host"),
		RepositoryPrefix:   l.prefix(v),
		ReadOnly:           v.boolean("readOnly", false),
		Manual:             v.boolean("manual", false),
		OnChange:           onChange(v.get("onChange"), l.root.get("onChange")),
		BasePathRepository: v.boolean("basePathRepository", v.str("type") != string(TypeLayout)),
		TLS:                l.tls(v.get("tls")),
		Credentials:        l.credentials(v.get("credentials")),
		Artifact: Artifact{
			Shape:         orElse(v.get("artifact").str("shape"), "oras-1.0"),
			ContentDigest: orElse(v.get("artifact").str("contentDigest"), "annotation"),
		},
		Limits:   limits(v),
		Images:   images(v.get("images")),
		Palette:  l.registryPalette(v.get("palette")),
		Unset:    l.unset(v),
		Position: v.pos,
	}
	if r.Limits.Concurrency == 0 {
		r.Limits.Concurrency = l.root.get("concurrency").integer("perRegistry")
	}
	l.plainHTTP(&r, v)
	switch r.Type {
	case TypeLayout:
		r.Path = l.layoutPath(v.get("path"))
		r.ReadOnly = r.ReadOnly || strings.HasSuffix(r.Path, ".tar") // a bundle
	case TypeHarbor:
		r.Harbor = harbor(v)
	case TypeECR:
		r.ECR = l.ecr(v)
	case TypeOCI:
		l.ecrInDisguise(v.get("host"))
	}
	l.repositoryLength(&r, v)
	return r
}

// onChange returns the first word that was said, or the default.
func onChange(words ...*value) OnChange {
	for _, w := range words {
		if w.known() {
			return OnChange(w.text)
		}
	}
	return OnChangeFail
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// prefix returns repositoryPrefix without slashes at its ends and without
// ArchivePath, which Base adds.
func (l *loader) prefix(v *value) string {
	p := v.get("repositoryPrefix")
	if !p.known() {
		return ""
	}
	prefix := trimPrefix(p.text)
	if last, _, _ := strings.Cut(ArchivePath, "/"); prefix == last || strings.HasSuffix(prefix, "/"+last) {
		l.report.remarkf(p.pos, nil, "spectro-packs/archive is added by itself: leave "+last+" out unless you want it twice",
			"packs of this registry are published below %s/%s", prefix, ArchivePath)
	}
	return prefix
}

func trimPrefix(text string) string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '/' })
	prefix := strings.Join(parts, "/")
	if prefix == ArchivePath {
		return ""
	}
	return strings.TrimSuffix(prefix, "/"+ArchivePath)
}

// plainHTTP decides between HTTP and HTTPS: a loopback host without tls: is
// plain HTTP; plainHTTP: wins where it is given. It is never probed.
func (l *loader) plainHTTP(r *Registry, v *value) {
	host := v.get("host")
	if host.known() {
		if _, port := splitPort(host.text); port < 0 {
			l.report.errorf(host.pos, "ports are 1 to 65535", "host has no right port: %s", host.shown())
		}
	}
	r.PlainHTTP = v.boolean("plainHTTP", host.known() && r.TLS == nil && loopback(host.text))
	if r.PlainHTTP && r.TLS != nil {
		l.report.remarkf(v.get("tls").pos, nil, "take one of them away", "tls: has no effect with plainHTTP: true")
	}
}

// repositoryLength checks that repository names can be as long as the prefix
// makes them.
func (l *loader) repositoryLength(r *Registry, v *value) {
	n := len(r.Base())
	l.longestBase = max(l.longestBase, n)
	if n > reference.RepositoryNameTotalLengthMax-2 {
		l.report.errorf(v.get("repositoryPrefix").position(v), "", "repository %s is %d characters long: with a pack's name it may have %d", quote(r.Base()), n, reference.RepositoryNameTotalLengthMax)
	}
}

// layoutPath returns the absolute path of a layout. A relative one stays in
// the work tree.
func (l *loader) layoutPath(v *value) string {
	if !v.good() || v.text == "" {
		return ""
	}
	path := filepath.FromSlash(v.text)
	if filepath.IsAbs(path) || v.unset {
		return filepath.Clean(path)
	}
	path = filepath.Join(l.catalog.Dir, path)
	if !l.tree.holds(realPath(path)) {
		l.outside(v.pos, v.shown())
	}
	return path
}

// sameTargets reports registries that publish to the same place.
func (l *loader) sameTargets() {
	first := map[string]int{}
	for i := range l.catalog.Registries {
		r, v := &l.catalog.Registries[i], l.registryValues[i]
		key := targetKey(r)
		if key == "" || len(r.Unset) > 0 {
			continue
		}
		if j, ok := first[key]; ok {
			l.report.errorf(v.pos, "give one another repositoryPrefix, or take one away",
				"registry %s has the same target as %s in line %d", v.get("name").shown(), l.registryValues[j].get("name").shown(), l.registryValues[j].pos.Line)
			continue
		}
		first[key] = i
	}
}

// targetKey identifies where a registry publishes to; "" where it is not known.
func targetKey(r *Registry) string {
	switch {
	case r.Type == TypeLayout && r.Path != "":
		return "layout " + r.Path + " " + r.Base()
	case r.Type != TypeLayout && r.Host != "":
		name, port := splitPort(strings.ToLower(r.Host))
		if port == 0 {
			port = 443
			if r.PlainHTTP {
				port = 80
			}
		}
		return "host " + name + ":" + strconv.Itoa(port) + " " + r.Base()
	case r.Type == TypeECR:
		e := r.ECR
		return strings.Join([]string{"ecr", e.Account, e.Region, e.Profile, e.RoleARN, r.Base()}, " ")
	}
	return ""
}

// unset lists the variables of a registry that are not set.
func (l *loader) unset(v *value) []string {
	var names []string
	var walk func(*value)
	walk = func(v *value) {
		if v.unset {
			names = append(names, l.vars.expand(v.raw).unset...)
		}
		for _, m := range v.members {
			walk(m.value)
		}
		for _, item := range v.items {
			walk(item)
		}
	}
	walk(v)
	slices.Sort(names)
	return slices.Compact(names)
}
