package page

import "github.com/mfwtui/mfwtui/tui/find"

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
	return find.RowTerms(at.Kind, at.Line, line.Texts(), at.Cell)
}
