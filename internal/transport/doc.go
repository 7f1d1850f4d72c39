// Package transport is the HTTP client for one registry, shared by everything
// that talks to it in a run: whom it trusts, who it says it is, how many
// requests it has in flight, how often it tries again and when it gives up.
//
// It knows HTTP and the two ways to log in to a registry. It does not know what
// a manifest or a blob is, and it never falls back from HTTPS to plain HTTP.
//
// oras-go's auth client is not used: it cannot fetch a token before the first
// refusal, does not know when a token expires, and a token that is refused in
// the middle of an upload ends the upload.
package transport
