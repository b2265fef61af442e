package main

import (
	"encoding/xml"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// The grid of the pictures, in pixels. A text says how long it is, so that any
// monospaced font keeps it.
const (
	cellWidth  = 8.4
	cellHeight = 18.0
	fontSize   = 14
	baseline   = 13.5 // from the top of a cell
	margin     = 12.0
)

const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"

// drawStill draws one screen.
func drawStill(cells [][]uv.Cell, title string) []byte {
	var sh sheet
	var body strings.Builder
	for y, row := range cells {
		body.WriteString(at(float64(y)*cellHeight, sh.row(row)))
	}
	return sh.picture(len(cells[0]), float64(len(cells))*cellHeight, title, body.String(), "")
}

// at moves a drawn row down.
func at(y float64, row string) string {
	if row == "" {
		return ""
	}
	return fmt.Sprintf("<g transform=\"translate(0 %s)\">%s</g>\n", number(y), row)
}

// sheet collects the styles of a picture and gives each a class.
type sheet struct{ classes map[look]string }

func (sh *sheet) class(l look) string {
	l.bg, l.underline = "", false // these are drawn
	name, known := sh.classes[l]
	if !known {
		if sh.classes == nil {
			sh.classes = make(map[look]string)
		}
		name = "c" + strconv.Itoa(len(sh.classes))
		sh.classes[l] = name
	}
	return name
}

// css is the style sheet.
func (sh *sheet) css() string {
	var rules []string
	for l, name := range sh.classes {
		rule := "." + name + "{fill:" + l.fg
		if l.bold {
			rule += ";font-weight:bold"
		}
		if l.faint {
			rule += ";fill-opacity:.6"
		}
		rules = append(rules, rule+"}")
	}
	slices.Sort(rules)
	return strings.Join(rules, "")
}

// picture is the whole file around drawn rows.
func (sh *sheet) picture(columns int, height float64, title, body, css string) []byte {
	width := float64(columns)*cellWidth + 2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]s %[2]s" width="%[1]s" height="%[2]s" role="img">`, number(width), number(height+2*margin))
	fmt.Fprintf(&b, "\n<title>%s</title>\n<style>text{font:%dpx %s}%s%s</style>\n", escape(title), fontSize, fonts, sh.css(), css)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	fmt.Fprintf(&b, "<g transform=\"translate(%s %[1]s)\">\n%s</g>\n</svg>\n", number(margin), body)
	return []byte(b.String())
}

// row draws a row of cells, with its upper left corner at zero.
func (sh *sheet) row(cells []uv.Cell) string {
	var b strings.Builder
	box := func(class, fill string, s stretch, p shape) {
		x, width := (float64(s.from)+p.left)*cellWidth, float64(s.cells)*cellWidth-2*p.left*cellWidth
		if p == full {
			width += 0.2 // no seam is seen between neighbours
		}
		fmt.Fprintf(&b, `<rect%s%s x="%s"%s width="%s" height="%s"%s/>`, attribute("class", class), attribute("fill", fill),
			number(x), attribute("y", number(p.top*cellHeight)), number(width), number(p.height*cellHeight), attribute("fill-opacity", number(p.opacity)))
	}
	for s, bg := range stretches(cells, func(c uv.Cell) string { return lookOf(c).bg }) {
		box("", bg, s, full)
	}
	for s, mark := range stretches(cells, markOf) {
		box(sh.class(mark.look), "", s, mark.shape)
	}
	for _, p := range phrases(cells) {
		fmt.Fprintf(&b, `<text class="%s" x="%s" y="%s"`, sh.class(p.look), number(float64(p.from)*cellWidth), number(baseline))
		if p.cells > 1 {
			fmt.Fprintf(&b, ` textLength="%s"`, number(float64(p.cells)*cellWidth))
		}
		fmt.Fprintf(&b, ">%s</text>", escape(p.text))
	}
	return b.String()
}

// attribute is one of a tag; nothing for what SVG takes anyway.
func attribute(name, value string) string {
	if value == "" || value == "0" && name == "y" || value == "1" && name == "fill-opacity" {
		return ""
	}
	return fmt.Sprintf(` %s="%s"`, name, value)
}

// stretch is a number of cells side by side.
type stretch struct{ from, cells int }

// stretches cuts a row where a property changes, and leaves out the cells that
// do not have it, whose value is zero.
func stretches[P comparable](cells []uv.Cell, property func(uv.Cell) P) iter.Seq2[stretch, P] {
	return func(yield func(stretch, P) bool) {
		var none P
		for x := 0; x < len(cells); {
			s, p := stretch{x, 1}, property(cells[x])
			for x++; x < len(cells) && property(cells[x]) == p; x++ {
				s.cells++
			}
			if p != none && !yield(s, p) {
				return
			}
		}
	}
}

// phrase is a text that is drawn as one: words of the same look with one blank
// between them. Wider gaps are not text, so that no viewer can close them.
type phrase struct {
	look
	stretch
	text string
}

func phrases(cells []uv.Cell) []phrase {
	var list []phrase
	end := -1 // of the last phrase
	for x, c := range cells {
		if strings.TrimSpace(c.Content) == "" || shapes[c.Content] != none {
			continue
		}
		next := phrase{lookOf(c), stretch{x, max(c.Width, 1)}, c.Content}
		if n := len(list); n > 0 && list[n-1].joins(next, x-end) {
			p := &list[n-1]
			p.text += strings.Repeat(" ", x-end) + c.Content
			p.cells += x - end + next.cells
		} else {
			list = append(list, next)
		}
		end = x + next.cells
	}
	return list
}

// joins says that a character goes on with a phrase that ended so many cells
// before it. Characters beyond ASCII may come from another font, whose width is
// not to be trusted: they stand alone.
func (p phrase) joins(next phrase, gap int) bool {
	return gap <= 1 && p.look == next.look && ascii(p.text) && ascii(next.text)
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' })
}

// mark is what of a cell is drawn and not written.
type mark struct {
	shape shape
	look  look
}

func markOf(c uv.Cell) mark {
	m := mark{shapes[c.Content], lookOf(c)}
	if m.shape == none && m.look.underline {
		m.shape = underline
	}
	if m.shape == none {
		return mark{}
	}
	return m
}

// shape is a part of a cell, from its upper left corner.
type shape struct{ left, top, height, opacity float64 }

var (
	none      shape
	full      = shape{0, 0, 1, 1}
	underline = shape{0, 0.86, 0.06, 1}
)

// shapes are the lines, bars and shades that the console uses. They are drawn,
// because fonts leave gaps between them.
var shapes = map[string]shape{
	"─": {0, 0.47, 0.06, 1}, "│": {0.44, 0, 1, 1},
	"█": full, "▓": {0, 0, 1, 0.75}, "▒": {0, 0, 1, 0.5}, "░": {0, 0, 1, 0.25},
	"▁": {0, 7. / 8, 1. / 8, 1}, "▂": {0, 6. / 8, 2. / 8, 1}, "▃": {0, 5. / 8, 3. / 8, 1}, "▄": {0, 4. / 8, 4. / 8, 1},
	"▅": {0, 3. / 8, 5. / 8, 1}, "▆": {0, 2. / 8, 6. / 8, 1}, "▇": {0, 1. / 8, 7. / 8, 1},
}

// number writes a coordinate, as short as a tenth of a pixel allows.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
