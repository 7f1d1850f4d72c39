// Package harbortest is a Harbor to test against: its v2.0 API, its token
// service, and in front of a real registry server the data plane with Harbor's
// own habits and error bodies, as they were measured with Harbor 2.16. Real OCI
// clients talk to it, and it counts pulls as Harbor does.
//
// Users are an administrator, users with a role in projects, and robot accounts
// that the API makes. What Harbor itself decides by many more rules is a short
// table here (see access.go).
//
// Assumed, not measured: the 422 for a page_size above 100, the text for a tag
// with a character that no tag has, the 404 for slashes escaped only once, and
// what a proxy-cache project answers to a push (read in Harbor's source), and that
// an artifact is deleted with those whose subject it is.
// Different from it: the registry behind is distribution 3, so a PATCH out of
// order is 416 here.
package harbortest
