package reports

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/strictjson"
	"github.com/packs-cli/packs/plan"
	"github.com/packs-cli/packs/schema"
)

// Line is one line of an events file: an item that was finished.
type Line struct {
	Time  time.Time   `json:"time"`
	Shard *plan.Shard `json:"shard,omitempty"`
	executor.Item
}

// readEvents reads the lines of an events file. The last one may be cut short,
// as a killed process leaves it.
func readEvents(name string, data []byte) ([]*Document, error) {
	byShard := make(map[plan.Shard]*Document)
	var documents []*Document
	torn := false
	for at := 1; len(data) > 0; at++ {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		data = rest
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var l Line
		if err := strictjson.Decode(text, &l); err != nil {
			if torn = !whole && !json.Valid(text); torn {
				break
			}
			e, _ := fileError(name, err).(*FileError) //nolint:errorlint // made by the call
			e.Line = at
			return nil, e
		}
		var shard plan.Shard
		if l.Shard != nil {
			shard = *l.Shard
		}
		d := byShard[shard]
		if d == nil {
			d = &Document{Name: name, Events: true, Apply: &executor.Report{
				APIVersion: plan.APIVersion, Kind: executor.ReportKind, Shard: l.Shard,
			}}
			byShard[shard] = d
			documents = append(documents, d)
		}
		d.Apply.Items = append(d.Apply.Items, l.Item)
	}
	if len(documents) == 0 {
		documents = []*Document{{Name: name, Events: true, Apply: &executor.Report{
			APIVersion: plan.APIVersion, Kind: executor.ReportKind, Items: []executor.Item{},
		}}}
	}
	for _, d := range documents {
		d.Torn = torn
		if err := d.checkEvents(); err != nil {
			return nil, fileError(name, err)
		}
	}
	return documents, nil
}

// checkEvents holds lines to what reports may hold.
func (d *Document) checkEvents() error {
	if err := schema.Validate(schema.ApplyReport, d.Apply); err != nil {
		return err
	}
	d.Apply.Summary = executor.Summarize(d.Apply.Items)
	return d.checkShard()
}
