package manifest

// palettes checks the palette: blocks of registries against each other and
// against their registry.
func (l *loader) palettes() {
	type identity struct{ endpoint, name string }
	first := map[identity]Position{}
	for i := range l.catalog.Registries {
		r, v := &l.catalog.Registries[i], l.registryValues[i].get("palette")
		if r.Palette == nil {
			continue
		}
		l.paletteOf(r, v)
		name := v.get("name")
		if !name.known() {
			continue
		}
		id := identity{name: name.text}
		if r.Palette.API != nil {
			id.endpoint = r.Palette.API.Endpoint
		}
		if at, taken := first[id]; taken {
			l.report.errorf(name.pos, "give each registry a name of its own in Palette", "palette name %s is there twice: first in line %d", name.shown(), at.Line)
			continue
		}
		first[id] = name.pos
	}
}

// paletteOf checks what Palette itself reads with.
func (l *loader) paletteOf(r *Registry, v *value) {
	credentials := v.get("credentials")
	if base := v.get("readAs").get("basePath"); r.Type == TypeECR && base.known() && base.text != "" {
		l.report.errorf(base.pos, "take it away", "basePath is for registries of type oci and harbor: Amazon ECR has none")
	}
	if !credentials.good() {
		return
	}
	c, kind := r.Palette.Credentials, credentials.get("type")
	switch {
	case (c.Type == "sts" || c.Type == "pod-identity") && credentials.get("roleArn") == nil:
		l.report.errorf(kind.position(credentials), "add roleArn: the role that Palette uses", "credentials of type %s lack roleArn", c.Type)
	case c.Type == "none" && (c.Username != "" || c.UsernameEnv != "" || c.UsernameFile != ""):
		l.report.errorf(kind.position(credentials), "take type: none away, or the user", "credentials of type none name a user")
	}
}
