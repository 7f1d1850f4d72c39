// Package strictjson reads JSON documents that packs itself wrote, and that
// somebody may have changed since: a person who reads them with another program
// must see what packs reads.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may lie in each other. What packs
// writes is not half as deep.
const maxDepth = 20

// ErrUnknownKey is the cause of an error about a key that no field has: somebody
// else's, or one of a newer version.
var ErrUnknownKey = errors.New("unknown key")

// Error is a mistake in a document.
type Error struct {
	Line    int // 1 for the first; 0 where it is not known
	Message string
	Err     error // the cause, or nil
}

// Error returns line LINE: MESSAGE.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Decode reads one JSON document into the struct that v points to. It refuses
// what encoding/json lets pass: keys that no field of the type has, keys in
// other letters, keys that stand twice, text that is no UTF-8, and anything
// behind the document. Errors are *Error.
func Decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return &Error{Message: "it is not UTF-8"}
	}
	w := walker{data: data, d: json.NewDecoder(bytes.NewReader(data)), known: keysOf(reflect.TypeOf(v))}
	w.d.UseNumber()
	if err := w.value(0); err != nil {
		return err
	}
	if _, err := w.d.Token(); !errors.Is(err, io.EOF) {
		return w.fail("something follows the end of the document", nil)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // the walk knows the keys of all objects together, not of each
	if err := d.Decode(v); err != nil {
		return explain(data, err)
	}
	return nil
}

// explain tells of an error of encoding/json where it is.
func explain(data []byte, err error) error {
	e := &Error{Message: strings.TrimPrefix(err.Error(), "json: "), Err: err}
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		e.Line = lineOf(data, kind.Offset)
		e.Message = fmt.Sprintf("%s cannot be a %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		e.Line = lineOf(data, syntax.Offset)
	}
	return e
}

func lineOf(data []byte, offset int64) int {
	return bytes.Count(data[:min(max(offset, 0), int64(len(data)))], []byte("\n")) + 1
}

// walker goes through a document once, before it is decoded.
type walker struct {
	data  []byte
	d     *json.Decoder
	known map[string]bool
}

func (w *walker) fail(message string, cause error) error {
	return &Error{Line: lineOf(w.data, w.d.InputOffset()), Message: message, Err: cause}
}

func (w *walker) token() (json.Token, error) {
	t, err := w.d.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil, w.fail("it ends too early", io.ErrUnexpectedEOF)
	case err != nil:
		return nil, explain(w.data, err)
	}
	return t, nil
}

// value goes through one value; depth is that of what it lies in.
func (w *walker) value(depth int) error {
	t, err := w.token()
	if err != nil {
		return err
	}
	open, nested := t.(json.Delim)
	if !nested {
		return nil
	}
	if depth == maxDepth {
		return w.fail(fmt.Sprintf("it is nested deeper than %d levels", maxDepth), nil)
	}
	seen := make(map[string]bool)
	for w.d.More() {
		if open == '{' {
			if err := w.key(seen); err != nil {
				return err
			}
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err = w.token() // what closes it
	return err
}

func (w *walker) key(seen map[string]bool) error {
	t, err := w.token()
	if err != nil {
		return err
	}
	key, _ := t.(string)
	switch {
	case seen[key]:
		return w.fail(fmt.Sprintf("%.100q stands twice", key), nil)
	case !w.known[key]:
		return w.fail(fmt.Sprintf("the key %.100q is not known", key), ErrUnknownKey)
	}
	seen[key] = true
	return nil
}

// keysOf collects the keys of a type and of all types in it.
func keysOf(t reflect.Type) map[string]bool {
	keys, visited := make(map[string]bool), make(map[reflect.Type]bool)
	var collect func(reflect.Type)
	collect = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || visited[t] {
			return
		}
		visited[t] = true
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "-" && f.IsExported() {
				keys[name] = true
				collect(f.Type)
			}
		}
	}
	collect(t)
	return keys
}
