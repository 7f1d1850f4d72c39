// Package palettetest is a Palette to test against: its API for OCI registries
// and packs, built from the published specification and from what others saw of
// the running service. It really reads the registry that it is told of, over
// HTTP, with the credentials and the authority that it was given, and shows a
// pack only when it finds it at …/spectro-packs/archive/NAME:VERSION in the
// shape, and under the title, that Palette is said to require, and can open it.
//
// Known of the real one, and so here: verbs of the wrong kind of registry are
// 404; GET /v1/registries/oci is 405; secrets come back as ********; null stands
// where an object is missing; lists go on by their token only; success is one
// status per operation, 202 and 204 without a body.
//
// Assumed: the texts of errors and the codes beside ResourceNotFound, that a
// name is taken once per class of registry, that a sync which finds nothing
// completes, and that _catalog is how a basic registry is listed.
package palettetest
