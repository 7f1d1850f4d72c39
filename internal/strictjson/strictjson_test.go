package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/strictjson"
)

type inner struct {
	Name string   `json:"name"`
	List []string `json:"list,omitempty"`
}

type outer struct {
	Kind  string   `json:"kind"`
	Count int      `json:"count"`
	Inner []inner  `json:"inner,omitempty"`
	One   *inner   `json:"one,omitempty"`
	Err   error    `json:"-"`
	Tags  []string `json:"tags,omitempty"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got outer
	text := `{"kind":"k","count":3,"inner":[{"name":"a","list":["x"]},{"name":"b"}],"one":{"name":"c"}}`
	if err := strictjson.Decode([]byte(text+" \n"), &got); err != nil {
		t.Fatal(err)
	}
	want := outer{Kind: "k", Count: 3, Inner: []inner{{"a", []string{"x"}}, {"b", nil}}, One: &inner{Name: "c"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "line 1: it ends too early"},
		{"half of it", "{\n\"kind\": \"k\",", "too early"},
		{"no JSON", "kind: k", "line 1: invalid character"},
		{"more behind it", "{\"kind\":\"k\"}\n{}", "line 2: something follows"},
		{"a key that stands twice", "{\"kind\":\"k\",\n\"kind\":\"l\"}", `line 2: "kind" stands twice`},
		{"a key in other letters", `{"Kind":"k"}`, `the key "Kind" is not known`},
		{"an unknown key", `{"inner":[{"name":"a","size":1}]}`, `the key "size" is not known`},
		{"a key of another object", `{"name":"a"}`, `unknown field "name"`},
		{"a hidden field", `{"Err":null}`, `"Err" is not known`},
		{"another type", "{\n\"count\":\n\"3\"}", "line 3: count cannot be a string"},
		{"a list", `[]`, "cannot be a array"},
		{"no UTF-8", "{\"kind\":\"\xff\"}", "not UTF-8"},
		{"too deep", `{"inner":` + strings.Repeat("[", 30), "deeper than 20"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var e *strictjson.Error
			if err := strictjson.Decode([]byte(tt.text), &outer{}); !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// FuzzDecode: what is accepted says the same to every reader of JSON.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"kind":"k","count":3,"inner":[{"name":"a"}],"tags":["x",null]}`))
	f.Add([]byte(`{"kind":"a","kind":"b"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var strict, plain outer
		if strictjson.Decode(data, &strict) != nil {
			return
		}
		if err := json.Unmarshal(data, &plain); err != nil || !reflect.DeepEqual(strict, plain) {
			t.Errorf("%q: strictly %+v, else %+v, %v", data, strict, plain, err)
		}
	})
}
