// Package ecrtest is an Amazon ECR to test against: the control plane as it is
// on the wire (JSON 1.1 with signature version 4, STS with it) and, for each
// account and region, the data plane with ECR's own habits in front of a real
// registry server. The real SDK and real OCI clients talk to it.
//
// Without TLS it stands on loopback ports: point AWS_ENDPOINT_URL_ECR and
// AWS_ENDPOINT_URL_STS at Server.URL. With TLS it answers under ECR's real host names as well, through
// an HTTP proxy (Server.ProxyURL) that leads nowhere else, so that what a
// client does with host names can be tested too.
//
// What is not known of the real service is assumed: the page size of 100, 405
// for DELETE by /v2/, 404 for _catalog, and in which order things are checked.
package ecrtest
