package main

import (
	"fmt"
	"image/color"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The terminal of the pictures: dark, with the 16 colours that the console
// leaves to the terminal chosen to be read on it.
const (
	background = "#10151c"
	foreground = "#d0d7de"
)

var palette = [16]string{
	"#484f58", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#d0d7de",
	"#6e7681", "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#8be9f0", "#ffffff",
}

// hex names a colour as SVG does; fallback is for a cell without one.
func hex(c color.Color, fallback string) string {
	switch c := c.(type) {
	case nil:
		return fallback
	case ansi.BasicColor:
		return palette[c%16]
	case ansi.IndexedColor:
		if c < 16 {
			return palette[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// look is how a cell is drawn.
type look struct {
	fg, bg                 string // bg is empty for the background of the terminal
	bold, faint, underline bool
}

func lookOf(c uv.Cell) look {
	l := look{
		fg: hex(c.Style.Fg, foreground), bold: c.Style.Attrs&uv.AttrBold != 0, faint: c.Style.Attrs&uv.AttrFaint != 0,
		underline: c.Style.Underline != uv.UnderlineNone,
	}
	if c.Style.Bg != nil {
		l.bg = hex(c.Style.Bg, background)
	}
	if c.Style.Attrs&uv.AttrReverse != 0 {
		l.fg, l.bg = hex(c.Style.Bg, background), l.fg
	}
	return l
}
