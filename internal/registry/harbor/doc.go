// Package harbor publishes to Harbor: its API for projects and for looking at
// versions, package oci for everything that goes over the registry's own
// protocol.
//
// It decides how a version is looked at without that counting as a pull, which
// rules for deleting unused versions go by, and it knows what Harbor means by
// its errors: a missing project is answered as if the login were wrong.
//
// The login goes along with every request as basic authentication, which Harbor
// takes everywhere: the API takes nothing else, no tokens have to be fetched,
// and an external_url with the wrong scheme, which is where token servers come
// from, does no harm.
package harbor
