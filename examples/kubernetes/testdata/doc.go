// Package kubernetes tests the example in the folder above: what its files say,
// and what happens when that is carried out.
package kubernetes
