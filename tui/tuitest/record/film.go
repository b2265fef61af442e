package main

import (
	"fmt"
	"strings"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
)

// drawFilm draws the frames one after the other, for ever, with a line below
// that says what happens. A row that comes up in several frames is drawn once.
// Where nothing moves, because the reader wishes so or the program cannot, the
// frame that is shown longest stands still.
func drawFilm(frames []frame, title string) []byte {
	var sh sheet
	var rows, body, css strings.Builder
	ids := make(map[string]int)
	use := func(y float64, cells []uv.Cell) {
		row := sh.row(cells)
		if row == "" {
			return
		}
		id, known := ids[row]
		if !known {
			id = len(ids)
			ids[row] = id
			fmt.Fprintf(&rows, "<g id=\"r%d\">%s</g>\n", id, row)
		}
		fmt.Fprintf(&body, `<use href="#r%d" y="%s"/>`, id, number(y))
	}
	height := float64(len(frames[0].cells)) * cellHeight
	total, begins := filmLength(frames), time.Duration(0)
	for i, f := range frames {
		fmt.Fprintf(&body, "<g class=\"f\" id=\"f%d\">", i)
		for y, cells := range f.cells {
			use(float64(y)*cellHeight, cells)
		}
		fmt.Fprintf(&body, `<text class="caption" y="%s">%s</text></g>`+"\n", number(height+cellHeight+baseline/2), escape(f.caption))
		css.WriteString(keyframes(i, begins, begins+f.hold, total))
		begins += f.hold
	}
	fmt.Fprintf(&css, "#f%d{visibility:visible}@media(prefers-reduced-motion:reduce){.f{animation:none!important}}", longest(frames))
	style := ".f{visibility:hidden}.caption{fill:" + palette[3] + "}" + css.String()
	return sh.picture(len(frames[0].cells[0]), height+1.6*cellHeight, title, "<defs>\n"+rows.String()+"</defs>\n"+body.String(), style)
}

// keyframes shows one frame from its begin to its end, in each round.
func keyframes(i int, begin, end, total time.Duration) string {
	percent := func(d time.Duration) string { return number(100*d.Seconds()/total.Seconds()) + "%" }
	steps := percent(begin) + "{visibility:visible}" + percent(end) + "{visibility:hidden}"
	if begin > 0 {
		steps = "0%{visibility:hidden}" + steps
	}
	return fmt.Sprintf("@keyframes k%d{%s}#f%[1]d{animation:k%[1]d %[3]ss step-end infinite}", i, steps, number(total.Seconds()))
}

func filmLength(frames []frame) (total time.Duration) {
	for _, f := range frames {
		total += f.hold
	}
	return total
}

// longest is the frame that is shown longest, the last of several.
func longest(frames []frame) (found int) {
	for i, f := range frames {
		if f.hold >= frames[found].hold {
			found = i
		}
	}
	return found
}
