package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// wideEnough is the width from which the three versions stand side by side.
const wideEnough = 110

func (w *threeWay) render(width, height int) View {
	title := w.line(width).Put(w.Styles.Strong, " Somebody else changed the tables on disk since they were read here")
	answer := w.line(width)
	if n := w.open(); n > 0 {
		answer.Put(w.Styles.Bad, widget.Format(" %s: choose m, t or b for each", words.Plural(n, "open conflict")))
	} else {
		answer.Put(w.Styles.Good, " no open conflict").Text(widget.Format(": M brings both changes together here; %s then saves them", w.keyName(PolicyScreen, "s")))
	}
	lines := []string{title.String(), answer.String(), w.rule(width)}
	if width >= wideEnough {
		lines = append(lines, w.header(width))
	}
	body, first, last := w.body(width)
	room := max(height-len(lines), 1)
	w.top = max(min(w.top, first), last-room) // the selected change is visible, its first line before its last
	w.top = max(min(w.top, first, len(body)-1), 0)
	return View{Lines: widget.Fit(append(lines, body[w.top:]...), height)}
}

func (w *threeWay) header(width int) string {
	l := w.line(width)
	for c, title := range []widget.Safe{"AS READ", "MINE", "THEIRS, ON DISK"} {
		l.To(4+c*(w.third(width)+3)).Put(w.Styles.Strong, title)
	}
	return l.String()
}

// third is the width of one of three columns: four cells stand before them, and
// three between two.
func (w *threeWay) third(width int) int { return (width - 4 - 2*3) / 3 }

// fits reports whether the lines of a change fit into three columns: what was
// cut could be what differs.
func (w *threeWay) fits(h hunkRef, width int) bool {
	for _, lines := range [][]*tables.Line{h.Base, h.Mine, h.Theirs} {
		for _, text := range lineTexts(lines) {
			if text.Width() > w.third(width) {
				return false
			}
		}
	}
	return true
}

// body draws every change and says from which to which line the selected one
// goes.
func (w *threeWay) body(width int) (lines []string, first, last int) {
	for i, h := range w.hunks {
		if i == 0 || w.hunks[i-1].kind != h.kind {
			lines = append(lines, w.line(width).Put(w.Styles.Strong, widget.Format(" %s", h.kind)).String())
		}
		if i == w.at {
			first = len(lines)
		}
		lines = append(lines, w.title(h, i == w.at, width))
		if width >= wideEnough && w.fits(h, width) {
			lines = append(lines, w.beside(h, width)...)
		} else {
			lines = append(lines, w.stacked(h, width)...)
		}
		if i == w.at {
			last = len(lines)
		}
	}
	return lines, first, last
}

// title says whose change it is and what becomes of it.
func (w *threeWay) title(h hunkRef, selected bool, width int) string {
	mark := widget.Safe("  ")
	if selected {
		mark = "> "
	}
	l := w.line(width).Put(w.Styles.Key, mark)
	switch h.Origin {
	case tables.ByMine:
		return l.Put(w.Styles.Changed, widget.Format("mine    line %d", h.MineNum)).End(w.Styles.Dim, "stays").String()
	case tables.ByTheirs:
		return l.Put(w.Styles.Changed, widget.Format("theirs  line %d", h.TheirsNum)).End(w.Styles.Dim, "comes in").String()
	case tables.ByBoth:
		return l.Put(w.Styles.Changed, widget.Format("both    line %d, the same change", h.MineNum)).End(w.Styles.Dim, "made once").String()
	}
	l.Put(w.Styles.Bad, widget.Format("CONFLICT line %d here, %d on disk", h.MineNum, h.TheirsNum))
	switch h.Take {
	case tables.Mine:
		return l.End(w.Styles.Good, "mine").String()
	case tables.Theirs:
		return l.End(w.Styles.Good, "theirs").String()
	case tables.Both:
		return l.End(w.Styles.Good, "both, mine first").String()
	}
	return l.End(w.Styles.Warn, "choose: m mine  t theirs  b both").String()
}

// version is one of the texts of a change.
type version struct {
	name  widget.Safe
	how   style.Style
	lines []*tables.Line
}

func (w *threeWay) versions(h hunkRef) []version {
	read, mine, theirs := version{"read", w.Styles.Removed, h.Base}, version{"mine", w.Styles.Added, h.Mine}, version{"disk", w.Styles.Added, h.Theirs}
	switch h.Origin {
	case tables.ByMine, tables.ByBoth:
		return []version{read, mine}
	case tables.ByTheirs:
		return []version{read, theirs}
	}
	return []version{read, mine, theirs}
}

// stacked draws the versions one below the other.
func (w *threeWay) stacked(h hunkRef, width int) []string {
	var lines []string
	for _, v := range w.versions(h) {
		for _, text := range lineTexts(v.lines) {
			lines = append(lines, w.line(width).Text("    ").Cell(w.Styles.Dim, v.name, 6).Put(v.how, text).String())
		}
		if len(v.lines) == 0 && v.name != "read" {
			lines = append(lines, w.line(width).Text("    ").Cell(w.Styles.Dim, v.name, 6).Put(w.Styles.Dim, "(deleted)").String())
		}
	}
	return lines
}

// beside draws the versions in three columns.
func (w *threeWay) beside(h hunkRef, width int) []string {
	columns := [][]widget.Safe{lineTexts(h.Base), lineTexts(h.Mine), lineTexts(h.Theirs)}
	how := []style.Style{w.Styles.Dim, {}, {}}
	if h.Origin != tables.ByTheirs {
		how[1] = w.Styles.Added
	}
	if h.Origin != tables.ByMine {
		how[2] = w.Styles.Added
	}
	var lines []string
	for i := range max(len(h.Base), len(h.Mine), len(h.Theirs)) {
		l := w.line(width)
		for c, texts := range columns {
			var text widget.Safe
			if i < len(texts) {
				text = texts[i]
			}
			l.To(4+c*(w.third(width)+3)).Put(how[c], text)
		}
		lines = append(lines, l.String())
	}
	return lines
}

// lineTexts are lines of a table with their gaps made short.
func lineTexts(lines []*tables.Line) []widget.Safe {
	texts := make([]widget.Safe, len(lines))
	for i, l := range lines {
		switch {
		case len(l.Cells) == 0:
			texts[i] = widget.Clean(strings.TrimSpace(l.Tail))
		case l.Disabled:
			texts[i] = "#~ " + widget.Clean(strings.Join(l.Texts(), " "))
		default:
			texts[i] = widget.Clean(strings.Join(l.Texts(), " "))
		}
	}
	return texts
}
