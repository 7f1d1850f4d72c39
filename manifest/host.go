package manifest

import (
	"net/netip"
	"strconv"
	"strings"
)

// hostFault says what is wrong with a host. What may be a password is not shown.
func hostFault(raw string) string {
	scheme, rest, hasScheme := strings.Cut(raw, "://")
	if !hasScheme {
		rest = raw
	}
	switch {
	case strings.Contains(rest, "@"):
		return "without a user"
	case hasScheme:
		return "without " + scheme + "://"
	case strings.Contains(rest, "/"):
		return "without a path: " + quote(raw)
	default:
		return "not " + quote(raw)
	}
}

// hostHint shows the right form of a host, where it can be guessed.
func hostHint(raw string) string {
	if strings.Contains(raw, "${") {
		return "put the scheme and path out of the variable"
	}
	scheme, rest, hasScheme := strings.Cut(raw, "://")
	if !hasScheme {
		scheme, rest = "", raw
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return "say host: " + firstPart(rest[at+1:]) + "; credentials: says where the login comes from"
	}
	host := firstPart(rest)
	if host == "" || strings.ContainsAny(host, " \t") || !hasScheme && host == rest {
		return "as in registry.example.com:5000"
	}
	var notes []string
	notes = append(notes, "say host: "+host)
	if strings.EqualFold(scheme, "http") {
		notes = append(notes, "plainHTTP: true takes the place of http://")
	}
	if path := strings.Trim(strings.TrimPrefix(rest, host), "/"); path != "" && path != "v2" {
		notes = append(notes, "the path goes into repositoryPrefix, or project for Harbor: "+path)
	}
	return strings.Join(notes, "; ")
}

func firstPart(s string) string {
	host, _, _ := strings.Cut(s, "/")
	return host
}

// splitPort takes a host apart. The port is 0 where there is none, and -1
// where it is none that a host can have.
func splitPort(host string) (name string, port int) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return strings.Trim(host, "[]"), 0
	}
	port, err := strconv.Atoi(host[i+1:])
	if err != nil || port < 1 || port > 65535 {
		port = -1
	}
	return strings.Trim(host[:i], "[]"), port
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	name, _ := splitPort(host)
	if strings.EqualFold(name, "localhost") || strings.HasSuffix(strings.ToLower(name), ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}
