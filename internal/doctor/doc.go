// Package doctor examines the registries of a catalog: whether they can be
// reached, who logs in, what their certificates and clocks say, and what else
// will get in the way of publishing. It changes nothing anywhere.
package doctor
