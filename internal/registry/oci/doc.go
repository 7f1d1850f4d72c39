// Package oci is the backend for registries that speak the OCI distribution
// protocol and know anonymous, basic or token authentication. Those for ECR and
// Harbor are built on it.
//
// It sends the requests itself instead of through oras-go's Repository, which
// hides what is needed here: the code behind a 404, the single steps of an
// upload, Retry-After, and why an upload address was refused.
package oci
