package page

import (
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// signsLen is how many signs stand before a row: its mark, what was changed,
// and its state.
const signsLen = 3

// Legend explains the signs, for the help.
func (p *Policy) Legend() []widget.Binding {
	return []widget.Binding{
		widget.Bind(">", "the selected row"),
		widget.Bind("*", "a marked row; in the tabs: not saved"),
		widget.Bind("+", "a row that is not in the file on disk"),
		widget.Bind("~", "a row that differs from the file on disk, or was moved"),
		widget.Bind("x", "a row that is switched off"),
		widget.Bind("E", "an error: it blocks an apply"),
		widget.Bind("W", "a warning"),
		widget.Bind("IP v4", "makes IPv4 rules only; v6: IPv6; -: none"),
		widget.Bind("HITS -", "the firewall does not run this row"),
	}
}

// signsOf are the signs of a row, without its mark.
func signsOf(signs *desk.Signs, st *style.Styles, line *tables.Line, num int) (widget.Safe, style.Style) {
	changed, state, how := widget.Safe(" "), widget.Safe(" "), st.Text
	if sign := signs.Changed(line); sign != "" {
		changed, how = sign, st.Changed
	}
	switch severity, _, bad := signs.Worst(num); {
	case line.Disabled:
		state = "x"
	case bad && severity == tables.Error:
		state, how = "E", st.Bad
	case bad:
		state, how = "W", st.Warn
	}
	return changed + state, how
}

// cellStyle is that of the cell with the worst problem; plain for another one.
func cellStyle(signs *desk.Signs, st *style.Styles, num, cell int) style.Style {
	severity, at, bad := signs.Worst(num)
	switch {
	case !bad || at != cell:
		return style.Style{}
	case severity == tables.Error:
		return st.Bad
	}
	return st.Warn
}
