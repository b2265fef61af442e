package page

import (
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
)

// rowRecords shows the rows of a table to the filter. The words of the filter
// are those of the table.
func rowRecords(f *finder, k tables.Kind, file *tables.File, lines []int, signs *rowSigns) func(i int) query.Record {
	f.speak(f.names.desk, rowKeys(k), map[query.Key][]string{query.State: rowStates, query.Action: actionWords()})
	record := &rowRecord{names: &f.names.deskNames, kind: k}
	return func(i int) query.Record {
		line := file.Line(lines[i])
		record.take(lines[i], line)
		record.state = signs.states(record.state[:0], line, lines[i])
		return record
	}
}

// states are the words for what the signs of a row say.
func (s *rowSigns) states(to []string, line *tables.Line, num int) []string {
	if s.changed[line] != "" {
		to = append(to, "changed")
	}
	switch {
	case line.Disabled:
		return append(to, "off")
	case s.bad[num].rank == tables.Error+1:
		return append(to, "error")
	case s.bad[num].rank == tables.Warning+1:
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
