// Package registrytest starts the real registry server (distribution v3, built
// by `make tools` into .bin/) for tests: with or without logins, with a private
// authority, with client certificates; and reads its access log, so that tests
// can count requests. Bearer tokens come from a small token server of its own,
// whose signatures the registry verifies.
package registrytest
