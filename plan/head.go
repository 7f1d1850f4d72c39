package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Head is what every JSON document of packs begins with.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Tool       string `json:"tool"` // the version of packs that made it
	Saved      *struct {
		Format int `json:"format"`
	} `json:"saved"`
}

// ReadHead tells what a document is, before it is read strictly. Text that is no
// document of packs, or one of a newer version, is a *FileError.
func ReadHead(data []byte) (Head, error) {
	var h Head
	if at := bytes.TrimLeft(data, " \t\r\n"); len(at) == 0 || at[0] != '{' {
		return h, &FileError{Message: "it is no JSON object, as `-o json` and --save write"}
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&h); err != nil {
		return h, &FileError{Message: "it cannot be read as JSON: " + err.Error(), Err: err}
	}
	switch {
	case h.APIVersion == APIVersion:
		return h, nil
	case strings.HasPrefix(h.APIVersion, "packs/v"):
		return h, h.newer(fmt.Sprintf("has the apiVersion %.100q, and this version reads %s", h.APIVersion, APIVersion))
	}
	return h, &FileError{Message: fmt.Sprintf("it is no document of packs: its apiVersion is %.100q, not %s", h.APIVersion, APIVersion)}
}

func (h *Head) newer(why string) error {
	by := ErrNewer.Error()
	if h.Tool != "" {
		by += fmt.Sprintf(" (%.100s)", h.Tool)
	}
	return &FileError{Message: "it was " + by + ": it " + why, Err: ErrNewer}
}
