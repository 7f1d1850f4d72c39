// Package ecr publishes to Amazon ECR: the AWS API for logins and repositories,
// package oci for everything that goes over the registry's own protocol.
//
// It decides whose credentials are used, that they are those of the right
// account before anything is written, and that they go to hosts of ECR only.
package ecr
