package render

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// Fault is one failure in words for a person.
type Fault struct {
	Where string   // a registry, file or option; may be empty
	What  string   // what is wrong, and why
	Hint  string   // what to do; may be empty
	Items []string // what it concerns, as NAME@VERSION or repositories; may be empty
	Code  string   // of its kind, see CodeOf; may be empty

	alike string // What without what differs from pack to pack; "" where that is all of it
	tries int    // how often it was tried, at most; 0: that is no matter
}

// Faults writes failures as "error:" lines. Equal ones become one that names
// what it concerns.
func Faults(w io.Writer, s Style, faults []Fault) error {
	t := newPage(w, s)
	for _, f := range group(faults) {
		text := f.What
		if f.Where != "" {
			text = f.Where + ": " + text
		}
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		if counts := f.counts(); counts != "" {
			lines[0] += " (" + counts + ")"
		}
		if f.Code != "" {
			lines[0] += " [" + f.Code + "]"
		}
		t.paragraph(0, "", t.paint(red, "error:")+" "+Clean(lines[0]))
		for _, l := range lines[1:] {
			t.paragraph(2, "", Clean(l))
		}
		if len(f.Items) > 0 {
			t.paragraph(2, dim, Clean(names(f.Items, maxListed)))
		}
		if f.Hint != "" {
			t.paragraph(2, cyan, t.hint(f.Hint))
		}
	}
	return t.flush()
}

// counts says how many packs a failure befell and how often each was tried.
func (f *Fault) counts() string {
	var parts []string
	if len(f.Items) > 1 {
		parts = append(parts, strconv.Itoa(len(f.Items))+" packs")
	}
	if f.tries > 1 {
		parts = append(parts, "tried "+strconv.Itoa(f.tries)+" times")
	}
	return strings.Join(parts, ", ")
}

// maxListed is how many packs an error names.
const maxListed = 10

// group merges faults that say the same, in the order of the first of each. The
// first one's hint stands for all.
func group(faults []Fault) []Fault {
	type key struct{ where, what string }
	at := make(map[key]int, len(faults))
	var out []Fault
	for _, f := range faults {
		k := key{f.Where, cmp.Or(f.alike, f.What)}
		i, known := at[k]
		if !known {
			at[k] = len(out)
			f.Items = slices.Clone(f.Items)
			out = append(out, f)
			continue
		}
		if out[i].What != f.What {
			out[i].What = k.what
		}
		out[i].Items = append(out[i].Items, f.Items...)
		out[i].tries = max(out[i].tries, f.tries)
	}
	return out
}

// FaultOf explains one error.
func FaultOf(err error) Fault {
	var re *registry.Error
	if errors.As(err, &re) {
		return Fault{What: oneLine(err), Hint: re.Hint, Code: CodeOf(err)}
	}
	return Fault{What: err.Error(), Code: CodeOf(err)}
}

// faultOfMany explains an error that may have befallen many packs alike.
func faultOfMany(err error) Fault {
	why, hint := cause(err)
	f := Fault{What: why, Hint: hint, Code: CodeOf(err), alike: alike(err)}
	if tried := triesOf(err); tried != nil {
		f.tries = tried.Tries
	}
	return f
}

// PlanFaults are the registries of a plan that could not be asked.
func PlanFaults(p *plan.Plan) []Fault {
	var faults []Fault
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Kind != plan.Unknown {
			continue
		}
		f := Fault{What: a.Reason}
		if a.Err != nil {
			f = faultOfMany(a.Err)
		}
		f.Where, f.Items = where(a.Registry, a.From), itemNames(a.Name, a.Version)
		faults = append(faults, f)
	}
	return faults
}

// ReportFaults are the failures of a report; conflicts are not among them.
func ReportFaults(r *executor.Report) []Fault {
	var faults []Fault
	for i := range r.Items {
		it := &r.Items[i]
		if it.Status != executor.StatusFailed {
			continue
		}
		f := Fault{What: it.Error, Hint: it.Hint}
		if it.Err != nil {
			f = faultOfMany(it.Err)
			if it.Hint != "" {
				f.Hint = it.Hint
			}
		}
		f.Where, f.Items = where(it.Registry, it.From), itemNames(it.Name, it.Version)
		faults = append(faults, f)
	}
	return faults
}

// where names the registries that take part: either may be what is wrong with a
// copy.
func where(registry, from string) string {
	if from == "" {
		return registry
	}
	return registry + ", from " + from
}

// itemNames is a version by its name; a base path repository needs none.
func itemNames(name, version string) []string {
	if name == "" {
		return nil
	}
	return []string{name + "@" + version}
}

// Problems writes the mistakes of a packs.yaml and of its packs as
// FILE:LINE:COLUMN lines with their count.
func Problems(w io.Writer, s Style, problems []manifest.Problem) error {
	t := newPage(w, s)
	for _, p := range problems {
		writeProblem(t, p, t.paint(red, "error:"))
	}
	t.line(t.paint(red, "error:"), " ", Count(len(problems), "mistake")+"; nothing was done ["+CodeCatalog+"]")
	return t.flush()
}

// Remarks writes what is worth a word and is no error.
func Remarks(w io.Writer, s Style, remarks []manifest.Problem) error {
	t := newPage(w, s)
	for _, p := range remarks {
		writeProblem(t, p, t.paint(yellow, "warning:"))
	}
	return t.flush()
}

func writeProblem(t *page, p manifest.Problem, label string) {
	t.line(t.paint(bold, Clean(place(p.File, p.Line, p.Column))+":"), " ", label, " ", Clean(p.Message))
	if p.Hint != "" {
		t.paragraph(2, cyan, t.hint(p.Hint))
	}
}

// place is FILE:LINE:COLUMN, as far as it is known.
func place(file string, line, column int) string {
	if line <= 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line) + ":" + strconv.Itoa(max(column, 1))
}
