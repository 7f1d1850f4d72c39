package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/strictjson"
	"github.com/packs-cli/packs/plan"
	"github.com/packs-cli/packs/schema"
)

// MaxBytes is the largest file that is read. The report of 10,000 packs in ten
// registries has half of it.
const MaxBytes = 64 << 20

// Document is one plan or report: a file, or the part of an events file that is
// about one shard. One of the pointers is not nil.
type Document struct {
	Name       string // of the file
	Events     bool   // read from an events file
	Torn       bool   // its last line was cut short
	Apply      *executor.Report
	Validation *lint.Report
	Verify     *executor.VerifyReport
	Plan       *plan.Plan
}

// FileError says what is wrong with a file.
type FileError struct {
	Name    string
	Line    int // 0: the file as a whole
	Message string
	Err     error // the cause, or nil
}

// Error returns FILE:LINE: MESSAGE.
func (e *FileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message)
	}
	return e.Name + ": " + e.Message
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Read reads a file: a JSON document, or the lines of an events file, of which
// each shard's are a document. What is wrong with it is a *FileError.
func Read(name string, r io.Reader) ([]*Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, &FileError{Name: name, Message: err.Error(), Err: err}
	case len(data) > MaxBytes:
		return nil, &FileError{Name: name, Message: fmt.Sprintf("it has more than %d bytes", MaxBytes)}
	case isEvents(data):
		return readEvents(name, data)
	}
	d := &Document{Name: name}
	if err := d.decode(data); err != nil {
		return nil, fileError(name, err)
	}
	return []*Document{d}, nil
}

func (d *Document) decode(data []byte) error {
	head, err := plan.ReadHead(data)
	if err != nil {
		return err
	}
	var into any
	var described string
	switch head.Kind {
	case executor.ReportKind:
		d.Apply = new(executor.Report)
		into, described = d.Apply, schema.ApplyReport
	case lint.ReportKind:
		d.Validation = new(lint.Report)
		into, described = d.Validation, schema.ValidationReport
	case executor.VerifyKind:
		d.Verify = new(executor.VerifyReport)
		into, described = d.Verify, schema.VerifyReport
	case plan.Kind:
		d.Plan = new(plan.Plan)
		into, described = d.Plan, schema.Plan
	default:
		return fmt.Errorf("a document of kind %.100q cannot be joined with others: want %s, %s, %s or %s", head.Kind, executor.ReportKind, executor.VerifyKind, lint.ReportKind, plan.Kind)
	}
	if err := strictjson.Decode(data, into); err != nil {
		return err
	}
	if err := schema.Validate(described, data); err != nil {
		return err
	}
	return d.check()
}

// check compares the counts of a document with what it holds.
func (d *Document) check() error {
	changed := errors.New("its summary does not count what it holds: somebody changed one of them")
	if err := d.checkShard(); err != nil {
		return err
	}
	switch {
	case d.Apply != nil && !d.Apply.Counted():
		return changed
	case d.Verify != nil && d.Verify.Summary != executor.SummarizeVerify(d.Verify.Items):
		return changed
	case d.Plan != nil && d.Plan.Summary != plan.Summarize(d.Plan.Actions):
		return changed
	case d.Validation != nil && d.Validation.Summary != lint.NewReport(d.Validation.Summary.Packs, d.Validation.Findings).Summary:
		return changed
	}
	return nil
}

func (d *Document) checkShard() error {
	h := d.head()
	if h.shard != nil && h.shard.Index >= h.shard.Count {
		return fmt.Errorf("there is no shard %v", h.shard)
	}
	if h.shard != nil && len(h.missing) > 0 {
		return errors.New("it is of one shard and lacks others")
	}
	for _, m := range h.missing {
		if m.Index >= m.Count || m.Count != h.missing[0].Count {
			return fmt.Errorf("it lacks shard %v", m)
		}
	}
	return nil
}

func fileError(name string, err error) error {
	e := &FileError{Name: name, Message: err.Error(), Err: err}
	var at *strictjson.Error
	if errors.As(err, &at) {
		e.Line, e.Message = at.Line, at.Message
	}
	return e
}

// head is what all kinds of documents have.
type head struct {
	kind    string
	tool    string
	source  *plan.Source
	shard   *plan.Shard
	missing []plan.Shard
}

func (d *Document) head() head {
	switch {
	case d.Apply != nil:
		r := d.Apply
		return head{executor.ReportKind, r.Tool, r.Source, r.Shard, r.MissingShards}
	case d.Validation != nil:
		r := d.Validation
		return head{lint.ReportKind, r.Tool, r.Source, r.Shard, r.MissingShards}
	case d.Verify != nil:
		r := d.Verify
		return head{executor.VerifyKind, r.Tool, r.Source, r.Shard, r.MissingShards}
	case d.Plan != nil:
		p := d.Plan
		return head{plan.Kind, p.Tool, p.Source, p.Shard, p.MissingShards}
	}
	return head{}
}

// isEvents tells an events file from a document: its first line is an object of
// its own, and no document.
func isEvents(data []byte) bool {
	if len(bytes.TrimSpace(data)) == 0 {
		return true // nothing had been done when the run ended
	}
	first, _, _ := bytes.Cut(bytes.TrimLeft(data, " \t\r\n"), []byte("\n"))
	return bytes.HasPrefix(first, []byte(`{"`)) && !bytes.Contains(first, []byte(`"apiVersion"`))
}
