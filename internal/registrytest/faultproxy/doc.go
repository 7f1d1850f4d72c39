// Package faultproxy stands between a client and a real registry and does what
// registries and networks do on a bad day: it refuses, answers with pages of
// other servers, cuts connections before, in and after a body, loses replies
// after the registry has done what it was asked, hangs, sends half or other
// bytes, and leads elsewhere.
//
// Faults come at exact positions (Rule) or at random (Options.Rate). Chance is
// drawn from the seed, the request and how often that request was seen before,
// and not from the order in which requests arrive: the same seed puts the same
// faults at the same requests however they are interleaved.
package faultproxy
