package manifest

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// file returns the absolute path of a file that the catalog names. What is
// not secret is noted in Catalog.Files, and a word is said where it is not there.
func (l *loader) file(v *value, key string) string {
	path := l.secretFile(v, key)
	if path == "" || v.get(key).unset {
		return path
	}
	l.catalog.Files = append(l.catalog.Files, path)
	if l.options.Untrusted {
		return path
	}
	if _, err := os.Stat(path); err != nil {
		l.report.remarkf(v.get(key).pos, ErrNotFound, "", "%s %s is not there", key, v.get(key).shown())
	}
	return path
}

// secretFile returns the absolute path of a file that may hold a secret.
func (l *loader) secretFile(v *value, key string) string {
	path := v.str(key)
	if path == "" {
		return ""
	}
	return l.absolute(path)
}

func (l *loader) absolute(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(l.catalog.Dir, path)
}

func (l *loader) tls(v *value) *TLS {
	if !v.good() {
		return nil
	}
	return &TLS{
		CAFile:             l.file(v, "caFile"),
		CA:                 v.str("ca"),
		CertFile:           l.file(v, "certFile"),
		KeyFile:            l.secretFile(v, "keyFile"),
		InsecureSkipVerify: v.boolean("insecureSkipVerify", false),
		Position:           v.pos,
	}
}

func (l *loader) credentials(v *value) *Credentials {
	if !v.good() {
		return nil
	}
	return &Credentials{
		Username:     v.str("username"),
		UsernameEnv:  v.str("usernameEnv"),
		UsernameFile: l.secretFile(v, "usernameFile"),
		PasswordEnv:  v.str("passwordEnv"),
		PasswordFile: l.secretFile(v, "passwordFile"),
		Exec:         l.exec(v.get("exec")),
		Position:     v.pos,
	}
}

// exec reads a program. A command with a slash is a path relative to the
// catalog; another is looked up on PATH when it runs.
func (l *loader) exec(v *value) *Exec {
	if !v.good() {
		return nil
	}
	command := v.str("command")
	if strings.Contains(command, "/") {
		command = l.absolute(command)
	}
	return &Exec{Command: command, Args: v.strings("args"), Timeout: l.duration(v, "timeout")}
}

func images(v *value) *Images {
	if !v.good() {
		return nil
	}
	return &Images{Prefix: strings.Trim(v.str("prefix"), "/")}
}

func harbor(v *value) *Harbor {
	h := &Harbor{Project: v.str("project")}
	create := v.get("createProject")
	if !create.good() {
		return h
	}
	if create.kind != mapping {
		h.CreateProject = v.boolean("createProject", false)
		return h
	}
	h.CreateProject = true
	if create.get("public").good() {
		public := create.boolean("public", false)
		h.Public = &public
	}
	h.StorageLimit = size(create.str("storageLimit"))
	return h
}

// size reads bytes as in "50GiB"; the schema has checked the form. What does
// not fit 63 bits is as good as no limit: -1.
func size(text string) int64 {
	shift := 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, shift = rest, 10*(i+1)
		}
	}
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > 0 && n<<shift>>shift != n {
		return -1
	}
	return n << shift
}

// defaultEndpoint is the Palette that the vendor runs.
const defaultEndpoint = "https://api.spectrocloud.com"

func (l *loader) palette(v *value) *Palette {
	if !v.good() {
		return nil
	}
	return &Palette{
		Endpoint:   orElse(strings.TrimRight(v.str("endpoint"), "/"), defaultEndpoint),
		APIKeyEnv:  v.str("apiKeyEnv"),
		APIKeyFile: l.secretFile(v, "apiKeyFile"),
		ProjectUID: v.str("projectUid"),
		TLS:        l.tls(v.get("tls")),
		Limits:     limits(v),
		Position:   v.pos,
	}
}

func limits(v *value) Limits {
	return Limits{
		Concurrency:       v.get("limits").integer("concurrency"),
		RequestsPerSecond: v.get("limits").number("requestsPerSecond"),
	}
}

func (l *loader) registryPalette(v *value) *RegistryPalette {
	if !v.good() {
		return nil
	}
	p := &RegistryPalette{
		Name:               v.str("name"),
		SyncTimeout:        l.duration(v, "syncTimeout"),
		InsecureSkipVerify: v.boolean("insecureSkipVerify", false),
		Credentials:        l.paletteCredentials(v.get("credentials")),
		API:                l.palette(v.get("api")),
		Position:           v.pos,
	}
	if as := v.get("readAs"); as.good() {
		p.ReadAs = &ReadAs{Endpoint: as.str("endpoint"), BasePath: as.str("basePath"), BaseContentPath: trimPrefix(as.str("baseContentPath"))}
	}
	return p
}

func (l *loader) paletteCredentials(v *value) *PaletteCredentials {
	if !v.good() {
		return nil
	}
	return &PaletteCredentials{
		Credentials:           *l.credentials(v),
		Type:                  v.str("type"),
		AccessKeyEnv:          v.str("accessKeyEnv"),
		AccessKeyFile:         l.secretFile(v, "accessKeyFile"),
		SecretKeyEnv:          v.str("secretKeyEnv"),
		SecretKeyFile:         l.secretFile(v, "secretKeyFile"),
		RoleARN:               v.str("roleArn"),
		ExternalID:            v.str("externalId"),
		ExternalIDEnv:         v.str("externalIdEnv"),
		PermissionBoundaryARN: v.str("permissionBoundaryArn"),
	}
}

var durationPart = regexp.MustCompile(`([0-9.]+)(ms|[smhdw])`)

// duration reads how long something may take. The schema has checked the
// form; d and w are days of 24 hours and weeks of seven.
func (l *loader) duration(v *value, key string) Duration {
	d := v.get(key)
	if !d.known() || d.text == "" {
		return 0
	}
	units := map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}
	const longest = 100 * 365 * 24 * time.Hour
	var sum float64
	for _, part := range durationPart.FindAllStringSubmatch(d.text, -1) {
		n, _ := strconv.ParseFloat(part[1], 64)
		sum += n * float64(units[part[2]])
	}
	if sum < float64(time.Millisecond) || sum > float64(longest) {
		l.report.errorf(d.pos, "from 1ms to 100 years", "%s is out of range: %s", key, d.shown())
		return 0
	}
	return time.Duration(sum)
}
