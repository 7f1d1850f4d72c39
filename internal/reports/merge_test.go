package reports_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/reports"
	"github.com/packs-cli/packs/plan"
	"github.com/packs-cli/packs/schema"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// item is an item as apply writes it: "push done prod nginx 1.0.0 digest".
func item(words string) executor.Item {
	f := append(strings.Fields(words), "", "")
	it := executor.Item{Action: plan.ActionKind(f[0]), Status: executor.Status(f[1]), Registry: f[2], Repository: "spectro-packs/archive"}
	if it.Action == plan.CreateProject {
		it.Repository = "team"
	}
	if f[3] != "" {
		it.Name, it.Version, it.Repository = f[3], f[4], "spectro-packs/archive/"+f[3]
		it.Digest = f[5]
	}
	return it
}

func report(shard string, lines ...string) *executor.Report {
	r := &executor.Report{
		APIVersion: plan.APIVersion, Kind: executor.ReportKind, Tool: "1.0.0",
		Source: &plan.Source{Commit: "abc"}, Items: []executor.Item{},
	}
	if shard != "" {
		s, err := plan.ParseShard(shard)
		if err != nil {
			panic(err)
		}
		r.Shard = &s
	}
	for _, l := range lines {
		r.Items = append(r.Items, item(l))
	}
	r.Summary = executor.Summarize(r.Items)
	return r
}

// read writes values as JSON and reads them as files 0, 1, …
func read(t *testing.T, values ...any) []*reports.Document {
	t.Helper()
	var docs []*reports.Document
	for i, v := range values {
		text, isText := v.(string)
		if !isText {
			raw, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		d, err := reports.Read(fmt.Sprint(i), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d...)
	}
	return docs
}

func merge(t *testing.T, values ...any) *reports.Merged {
	t.Helper()
	m, err := reports.Merge(read(t, values...))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func said(m *reports.Merged) string {
	words := slices.Clone(m.Notes)
	for _, f := range m.Faults {
		words = append(words, f.Message)
	}
	return strings.Join(words, "\n")
}

func lines(r *executor.Report) string {
	var all []string
	for _, it := range r.Items {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", it.Action, it.Status, it.Registry, it.Name, it.Version)))
	}
	return strings.Join(all, "\n")
}

// TestShardsBecomeTheWhole: what shards did, in whatever order their files are
// given, is what one run would have written.
func TestShardsBecomeTheWhole(t *testing.T) {
	t.Parallel()
	whole := report("", "create-project done z", "create-repository done z", "push done z a 1.2.0", "push done z a 1.10.0", "unchanged done z b 1.0.0",
		"push done a a 1.2.0", "conflict conflict a b 1.0.0")
	parts := []any{
		report("0/3", "create-project done z", "push done z a 1.2.0", "push done z a 1.10.0", "push done a a 1.2.0"),
		report("1/3", "create-project done z", "create-repository done z"),
		report("2/3", "unchanged done z b 1.0.0", "conflict conflict a b 1.0.0"),
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		m := merge(t, parts[order[0]], parts[order[1]], parts[order[2]])
		if !reflect.DeepEqual(m.Apply, whole) {
			t.Errorf("order %v gives\n%+v\nwant\n%+v", order, m.Apply, whole)
		}
		if said(m) != "" {
			t.Errorf("order %v says %s", order, said(m))
		}
		if err := schema.Validate(schema.ApplyReport, m.Apply); err != nil {
			t.Error(err)
		}
	}
}

func TestMissingShardsAreTold(t *testing.T) {
	t.Parallel()
	m := merge(t, report("0/4", "push done r a 1.0.0"), report("2/4"))
	if said(m) != "no file tells of shard 1/4, 3/4" || fmt.Sprint(m.Apply.MissingShards) != "[1/4 3/4]" {
		t.Errorf("%s; %v", said(m), m.Apply.MissingShards)
	}
	// What was joined is joined with the rest later.
	m = merge(t, m.Apply, report("3/4"), report("1/4", "push done r b 1.0.0"))
	if said(m) != "" || len(m.Apply.MissingShards) != 0 || m.Apply.Summary.Pushed != 2 {
		t.Errorf("%s; %+v", said(m), m.Apply)
	}
	m = merge(t, report("0/40"))
	if !strings.HasSuffix(said(m), "10/40 and 29 more") {
		t.Error(said(m))
	}
}

func TestWhatIsToldTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, one, two, want, said string }{
		{"the same", "push done r a 1.0.0", "push done r a 1.0.0", "push done r a 1.0.0", ""},
		{"run again after a failure", "push failed r a 1.0.0", "push done r a 1.0.0", "push done r a 1.0.0", "a@1.0.0 in r (push in 1, failed in 0)"},
		{"run again", "push done r a 1.0.0 " + digestA, "unchanged done r a 1.0.0 " + digestA, "push done r a 1.0.0", "a@1.0.0 in r (push in 0, unchanged in 1)"},
		{"not reached", "push skipped r a 1.0.0", "push failed r a 1.0.0", "push failed r a 1.0.0", "failed in 1, skipped in 0"},
		{"changed behind our back", "push done r a 1.0.0 " + digestA, "conflict conflict r a 1.0.0 " + digestB, "conflict conflict r a 1.0.0", "a@1.0.0 in r has two digests"},
		{"two that pushed", "push done r a 1.0.0 " + digestA, "push done r a 1.0.0 " + digestB, "push done r a 1.0.0", "has two digests"},
		{"the place", "create-project done r", "create-project failed r", "create-project done r", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, swapped := range []bool{false, true} {
				one, two := report("0/1", tt.one), report("0/1", tt.two)
				docs := read(t, one, two)
				if swapped {
					slices.Reverse(docs)
				}
				m, err := reports.Merge(docs)
				if err != nil {
					t.Fatal(err)
				}
				if lines(m.Apply) != tt.want {
					t.Errorf("kept %s, want %s", lines(m.Apply), tt.want)
				}
				if !strings.Contains(said(m), tt.said) || !strings.Contains(said(m), "0, 1 tell of shard 0/1") {
					t.Errorf("said %q, want %q", said(m), tt.said)
				}
			}
		})
	}
}

func TestAnOverwriteIsNewerThanWhatItReplaced(t *testing.T) {
	t.Parallel()
	replaced := report("0/1", "overwrite done r a 1.0.0 "+digestB)
	replaced.Items[0].Previous = digestA
	m := merge(t, report("0/1", "push done r a 1.0.0 "+digestA), replaced)
	if m.Apply.Items[0].Digest != digestB || len(m.Faults) != 0 {
		t.Errorf("%+v %v", m.Apply.Items, m.Faults)
	}
}

func events(t *testing.T, shard, end string, words ...string) string {
	t.Helper()
	var b strings.Builder
	for i, w := range words {
		l := reports.Line{Time: time.Unix(int64(i), 0).UTC(), Item: item(w)}
		if shard != "" {
			s, err := plan.ParseShard(shard)
			if err != nil {
				t.Fatal(err)
			}
			l.Shard = &s
		}
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	return b.String() + end
}

func TestEventsTellOfRunsThatWereKilled(t *testing.T) {
	t.Parallel()
	killed := events(t, "1/2", `{"time":"2026-01-01T00:00:00Z","sha`, "push done r b 1.0.0")
	m := merge(t, report("0/2", "push done r a 1.0.0"), killed)
	if lines(m.Apply) != "push done r a 1.0.0\npush done r b 1.0.0" || len(m.Faults) != 0 {
		t.Errorf("%s\n%v", lines(m.Apply), m.Faults)
	}
	for _, part := range []string{"of shard 1/2 only events are known", "ends in the middle of a line"} {
		if !strings.Contains(said(m), part) {
			t.Errorf("%q lacks %q", said(m), part)
		}
	}
	// Events of a run whose report is there add nothing.
	m = merge(t, report("0/1", "push done r a 1.0.0"), events(t, "0/1", "", "push done r a 1.0.0"))
	if said(m) != "" || m.Apply.Summary.Pushed != 1 {
		t.Errorf("%s %+v", said(m), m.Apply.Summary)
	}
	// Files of several shards in one, and an empty one.
	m = merge(t, events(t, "0/2", "", "push done r a 1.0.0")+events(t, "1/2", "", "push done r b 1.0.0"), "\n")
	if m.Apply.Summary.Pushed != 2 || len(m.Apply.MissingShards) != 0 || said(m) == "" {
		t.Errorf("%s %+v", said(m), m.Apply)
	}
	if m = merge(t, events(t, "0/2", "", "push done r a 1.0.0"), "\n"); !strings.Contains(said(m), "1 holds no events") {
		t.Error(said(m))
	}
	if m = merge(t, "\n"); !strings.Contains(said(m), "no file tells of anything") || len(m.Faults) != 1 {
		t.Errorf("a file that tells nothing is no success: %s", said(m))
	}
	m = merge(t, `{"time":"2026-01-`)
	if m.Apply.Items == nil || len(m.Apply.Items) != 0 || !strings.Contains(said(m), "in the middle of a line") {
		t.Errorf("%s %+v", said(m), m.Apply)
	}
}

func TestShardsOfOtherCommitsAreNoCatalog(t *testing.T) {
	t.Parallel()
	other := report("1/2")
	other.Source.Commit, other.Tool = "def", "2.0.0"
	m := merge(t, report("0/2"), other)
	if len(m.Faults) != 1 || !strings.Contains(said(m), "different commits: abc, def") || m.Apply.Source != nil || m.Apply.Tool != "" {
		t.Errorf("%s %+v", said(m), m.Apply)
	}
	dirty := report("1/2")
	dirty.Source.Dirty = true
	if m = merge(t, report("0/2"), dirty); said(m) != "" || !m.Apply.Source.Dirty {
		t.Errorf("%s %+v", said(m), m.Apply.Source)
	}
	whole := report("")
	whole.Source.Commit = "def"
	if m = merge(t, report(""), whole); len(m.Faults) != 0 || !strings.Contains(said(m), "different commits") {
		t.Errorf("runs on several catalogs: %v, %s", m.Faults, said(m))
	}
}

func TestRegistriesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	m := merge(t, report("0/3", "push done z a 1.0.0", "push done m a 1.0.0"), report("1/3", "push done m b 1.0.0", "push done b b 1.0.0"), report("2/3", "push done a c 1.0.0"))
	if got := lines(m.Apply); got != "push done a c 1.0.0\npush done z a 1.0.0\npush done m a 1.0.0\npush done m b 1.0.0\npush done b b 1.0.0" {
		t.Error(got)
	}
	m = merge(t, report("0/2", "push done a a 1.0.0", "push done b a 1.0.0"), report("1/2", "push done b b 1.0.0", "push done a b 1.0.0"))
	if got := lines(m.Apply); len(strings.Split(got, "\n")) != 4 {
		t.Errorf("files that contradict each other: %s", got)
	}
}

func TestValidations(t *testing.T) {
	t.Parallel()
	finding := func(path string) lint.Finding {
		return lint.Finding{Rule: "readme-missing", Severity: lint.Error, Path: path, Message: "no README.md"}
	}
	part := func(i int, packs int, paths ...string) *lint.Report {
		var all []lint.Finding
		for _, p := range paths {
			all = append(all, finding(p))
		}
		r := lint.NewReport(packs, all)
		r.Shard = &plan.Shard{Index: i, Count: 2}
		return r
	}
	m := merge(t, part(1, 3, "packs.yaml", "b"), part(0, 2, "a", "packs.yaml"), part(0, 2, "a", "packs.yaml"))
	want := lint.NewReport(5, []lint.Finding{finding("a"), finding("b"), finding("packs.yaml")})
	if !reflect.DeepEqual(m.Validation, want) {
		t.Errorf("%+v, want %+v", m.Validation, want)
	}
	if err := schema.Validate(schema.ValidationReport, m.Validation); err != nil {
		t.Error(err)
	}
}

func TestVerifications(t *testing.T) {
	t.Parallel()
	part := func(i int, deep bool, items ...executor.VerifyItem) *executor.VerifyReport {
		return &executor.VerifyReport{
			APIVersion: plan.APIVersion, Kind: executor.VerifyKind, Shard: &plan.Shard{Index: i, Count: 2}, Deep: deep,
			Summary: executor.SummarizeVerify(items), Items: items,
			Listings: []executor.Listing{{Registry: "r", Complete: i == 0, Gaps: []string{"gap"}}},
		}
	}
	it := func(status executor.VerifyStatus, name string) executor.VerifyItem {
		out := executor.VerifyItem{Status: status, Registry: "r", Repository: "x/" + name, Name: name}
		if name != "" {
			out.Version = "1.0.0"
		}
		return out
	}
	m := merge(t,
		part(1, true, it(executor.VerifyOK, "b"), it(executor.VerifyUnmanaged, "a")),
		part(0, true, it(executor.VerifyOK, ""), it(executor.VerifyMissing, "c")),
		part(0, false, it(executor.VerifyOK, "c")))
	var got []string
	for _, it := range m.Verify.Items {
		got = append(got, string(it.Status)+" "+it.Name)
	}
	if fmt.Sprint(got) != "[ok  ok b missing c unmanaged a]" || m.Verify.Deep || m.Verify.Listings[0].Complete || len(m.Verify.Listings[0].Gaps) != 1 {
		t.Errorf("%q %+v", got, m.Verify)
	}
	for _, want := range []string{"2 did not read the layers", "c@1.0.0 in r (missing in 1, ok in 2)"} {
		if !strings.Contains(said(m), want) {
			t.Errorf("%q lacks %q", said(m), want)
		}
	}
	if err := schema.Validate(schema.VerifyReport, m.Verify); err != nil {
		t.Error(err)
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	part := func(i int, remark string, actions ...plan.Action) *plan.Plan {
		return &plan.Plan{
			APIVersion: plan.APIVersion, Kind: plan.Kind, Shard: &plan.Shard{Index: i, Count: 2}, Actions: actions,
			Summary: plan.Summarize(actions), Remarks: []string{remark},
		}
	}
	push := plan.Action{Kind: plan.Push, Registry: "r", Repository: "x/b", Name: "b", Version: "1.0.0", Reason: "version is missing", Bytes: 3}
	same := plan.Action{Kind: plan.Unchanged, Registry: "r", Repository: "x/a", Name: "a", Version: "1.0.0", Reason: "published with the same content"}
	m := merge(t, part(0, "note", push), part(1, "note", same))
	if m.Plan.Summary.Push != 1 || m.Plan.Summary.Unchanged != 1 || m.Plan.Actions[0].Name != "a" || len(m.Plan.Remarks) != 1 || m.Plan.Shard != nil {
		t.Errorf("%+v", m.Plan)
	}
	if err := schema.Validate(schema.Plan, m.Plan); err != nil {
		t.Error(err)
	}
}

func TestRemarksOfReportsAreJoined(t *testing.T) {
	t.Parallel()
	a, b := report("0/2", "push done r a 1.0.0"), report("1/2", "push done r b 1.0.0")
	a.Remarks, b.Remarks = []string{"both", "first"}, []string{"both", "second"}
	m := merge(t, a, b)
	if want := []string{"both", "first", "second"}; !slices.Equal(m.Apply.Remarks, want) {
		t.Errorf("remarks %q, want %q", m.Apply.Remarks, want)
	}
}

func TestWhatCannotBeJoined(t *testing.T) {
	t.Parallel()
	if _, err := reports.Merge(nil); !errors.Is(err, reports.ErrNothing) {
		t.Error(err)
	}
	for name, docs := range map[string][]any{
		"of 8 shards":              {report("0/4"), report("0/8")},
		"of kind ValidationReport": {report("0/1"), lint.NewReport(0, nil)},
	} {
		var wrong *reports.FileError
		if _, err := reports.Merge(read(t, docs...)); !errors.As(err, &wrong) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(report("0/2", "push done r a 1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, now string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("%s lacks %s", good, old)
		}
		return strings.Replace(string(good), old, now, 1)
	}
	line := strings.TrimSuffix(events(t, "0/2", "", "push done r a 1.0.0"), "\n")
	for name, tt := range map[string]struct{ text, want string }{
		"no JSON":         {"apiVersion: packs/v1\n", "no JSON object"},
		"another kind":    {change("ApplyReport", "PackList"), `kind "PackList" cannot be joined`},
		"newer":           {change("packs/v1", "packs/v2"), "newer version of packs"},
		"cut short":       {string(good[:len(good)-10]), "JSON"},
		"unknown key":     {change(`"kind"`, `"king":1,"kind"`), `"king" is not known`},
		"twice":           {change(`"kind"`, `"tool":"x","kind"`), `"tool" stands twice`},
		"changed":         {change(`"pushed":1`, `"pushed":2`), "its summary does not count"},
		"no status":       {change(`"status":"done"`, `"status":"fine"`), "/items/0/status"},
		"no shard":        {change(`"index":0`, `"index":2`), "there is no shard 2/2"},
		"event":           {line + "\n" + strings.Replace(line, "push", "pull", 1) + "\n", "/items/1/action"},
		"event, no JSON":  {line + "\n{\"time\":\n" + line, "0:2: "},
		"event, unknown":  {line + "\n" + strings.Replace(line, "status", "state", 1) + "\n", `0:2: the key "state" is not known`},
		"event, no shard": {strings.Replace(line, `"index":0`, `"index":5`, 1), "there is no shard 5/2"},
	} {
		_, err := reports.Read("0", strings.NewReader(tt.text))
		var wrong *reports.FileError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", name, err, tt.want)
		}
	}
	if _, err := reports.Read("0", strings.NewReader(strings.Repeat(" ", reports.MaxBytes+1))); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a large file: %v", err)
	}
}

// FuzzMerge reads two files of anything and joins them: no panic, and what
// comes out is what readers of reports expect.
func FuzzMerge(f *testing.F) {
	for _, r := range []any{report("0/2", "push done r a 1.0.0"), report("", "push failed r a 1.0.0"), lint.NewReport(1, nil)} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), `{"time":"2026-01-01T00:00:00Z","shard":{"index":1,"count":2},"action":"push","status":"done","registry":"r","repository":"x","bytes":1}`+"\n{")
		f.Add(string(text), string(text))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		one, err := reports.Read("a", strings.NewReader(a))
		if err != nil {
			return
		}
		two, err := reports.Read("b", strings.NewReader(b))
		if err != nil {
			two = nil
		}
		m, err := reports.Merge(append(one, two...))
		if err != nil {
			return
		}
		for name, doc := range map[string]any{schema.ApplyReport: m.Apply, schema.ValidationReport: m.Validation, schema.VerifyReport: m.Verify, schema.Plan: m.Plan} {
			if reflect.ValueOf(doc).IsNil() {
				continue
			}
			if err := schema.Validate(name, doc); err != nil {
				t.Errorf("%v", err)
			}
		}
		again, err := reports.Merge(append(two, one...))
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("the order matters: %v", err)
		}
	})
}
