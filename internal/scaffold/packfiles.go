package scaffold

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"
	"time"
)

// placeholder is an image that is small, public, and does nothing.
const placeholder = "registry.k8s.io/pause:3.10"

// The texts of a new pack. NAME is what the pack holds, in names that Kubernetes
// takes.
const (
	valuesText = `pack:
  content:
    images: # every image that the pack runs, so that registries and air gaps can hold them
      - image: IMAGE
  namespace: NAME

SECTION:
  NAME:
    image: IMAGE
    replicas: 1
`

	chartText = `apiVersion: v2
name: NAME
version: VERSION
appVersion: VERSION
description: QUOTED
`

	chartValuesText = `image: IMAGE
replicas: 1
`

	manifestText = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  namespace: NAME
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/name: NAME
  template:
    metadata:
      labels:
        app.kubernetes.io/name: NAME
    spec:
      containers:
        - name: NAME
          image: {{ .Values.image }}
`

	readmeText = `# TITLE

What the pack installs, and what for.

## Prerequisites

What must be there before: the versions of Kubernetes, other packs, accounts.

## Parameters

| Parameter | Description | Default |
|---|---|---|
| ''SECTION.NAME.image'' | The image that is run | ''IMAGE'' |
| ''SECTION.NAME.replicas'' | How many of it run | ''1'' |

## Usage

How to use the pack in a cluster profile.

## Upgrade

What to look at before a cluster gets this version.
`
)

// fill puts the pack's words into a text.
func (o *PackOptions) fill(text string) []byte {
	section := "manifests"
	if o.Kind == KindChart {
		section = "charts"
	}
	return []byte(strings.NewReplacer(
		"''", "`", "NAME", o.part(), "VERSION", o.Version, "TITLE", o.DisplayName, "QUOTED", strconv.Quote(o.DisplayName), "SECTION", section, "IMAGE", placeholder,
	).Replace(text))
}

// packJSON is the pack.json of the pack.
func (o *PackOptions) packJSON() ([]byte, error) {
	about := struct {
		Name        string            `json:"name"`
		DisplayName string            `json:"displayName"`
		Version     string            `json:"version"`
		Layer       string            `json:"layer"`
		AddonType   string            `json:"addonType,omitempty"`
		CloudTypes  []string          `json:"cloudTypes"`
		Annotations map[string]string `json:"annotations"`
		Charts      []string          `json:"charts,omitempty"`
		Manifests   []string          `json:"kubeManifests,omitempty"`
	}{
		Name: o.Name, DisplayName: o.DisplayName, Version: o.Version, Layer: o.Layer,
		CloudTypes: []string{"all"}, Annotations: map[string]string{"source": "community"},
	}
	if o.Layer == "addon" {
		about.AddonType = "system app"
	}
	if o.Kind == KindChart {
		about.Charts = []string{o.content()}
	} else {
		about.Manifests = []string{o.content()}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(about)
	return b.Bytes(), err
}

// chartArchive packs files, as pairs of path and text, as `helm package` does:
// below a folder that has the chart's name.
func chartArchive(name string, files [][2]string) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	errs := make([]error, 0, 2*len(files)+2)
	for _, f := range files {
		h := &tar.Header{Name: name + "/" + f[0], Mode: 0o644, Size: int64(len(f[1])), ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg}
		errs = append(errs, t.WriteHeader(h))
		_, err := t.Write([]byte(f[1]))
		errs = append(errs, err)
	}
	errs = append(errs, t.Close(), z.Close())
	return b.Bytes(), errors.Join(errs...)
}

// drawLogo draws a square on a square, for want of a logo.
func drawLogo() ([]byte, error) {
	const size, edge = 128, 32
	colors := color.Palette{color.RGBA{R: 0x1f, G: 0x6f, B: 0xb4, A: 0xff}, color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}}
	m := image.NewPaletted(image.Rect(0, 0, size, size), colors)
	for x := edge; x < size-edge; x++ {
		for y := edge; y < size-edge; y++ {
			m.SetColorIndex(x, y, 1)
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
