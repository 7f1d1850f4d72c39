package login

import (
	"fmt"

	"oras.land/oras-go/v2/registry"

	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Registry describes a registry of which only the host is known: HTTPS, or plain
// HTTP on this machine, as for hosts in packs.yaml.
func Registry(host string) (*manifest.Registry, error) {
	ref := registry.Reference{Registry: host}
	if err := ref.ValidateRegistry(); err != nil {
		return nil, fmt.Errorf("%q is no host: want one as in registry.example.com:5000", host)
	}
	return &manifest.Registry{Name: host, Type: manifest.TypeOCI, Host: host, PlainHTTP: transport.Loopback(host)}, nil
}
