package page

import (
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
)

// rowRecords shows the rows of a table to the filter. The words of the filter
// are those of the table.
func rowRecords(f *finder, k tables.Kind, file *tables.File, lines []int, marks *rowMarks) func(i int) query.Record {
	f.speak(f.names.desk, rowKeys(k), map[query.Key][]string{query.State: rowStates, query.Action: actionWords()})
	record := &rowRecord{names: &f.names.deskNames, kind: k}
	return func(i int) query.Record {
		line := file.Line(lines[i])
		record.take(lines[i], line)
		record.state = marks.states(record.state[:0], line, lines[i])
		return record
	}
}

// states are the words for what the marks of a row say.
func (m *rowMarks) states(to []string, line *tables.Line, num int) []string {
	if m.saved != nil && !m.saved[line] {
		to = append(to, "changed")
	}
	switch {
	case line.Disabled:
		return append(to, "off")
	case m.bad[num] == tables.Error+1:
		return append(to, "error")
	case m.bad[num] == tables.Warning+1:
		return append(to, "warning")
	}
	return append(to, "ok")
}

// values are the terms of the selected row, that of the cell under the cursor
// first.
func (p *Policy) values() []string {
	at, ok := p.place()
	if !ok {
		return nil
	}
	line := p.Desk.Set().File(at.Kind).Line(at.Line)
	if line == nil {
		return nil
	}
	return rowTerms(at.Kind, at.Line, line.Texts(), at.Cell)
}
