package tui

import (
	"bytes"
	"fmt"
	"image/color"
	"strings"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"github.com/mfwtui/mfwtui/tui/style"
)

// How a screen looks is a part of its golden file: below the text, for each
// kind of terminal, one line of attributes per line of the screen that has any.
//
//	== 16 colours
//	  1  2-7 B  20-26 2  40-47 1BR
//
// means: in line 1, cells 2 to 7 are bold, 20 to 26 have colour 2, and 40 to 47
// are colour 1, bold and reverse (F is faint, U underlined). What looks as the
// kind before it says so.

// kind is a kind of terminal, as the environment and the settings make it.
type kind struct {
	name    string
	palette style.Palette
	profile colorprofile.Profile
	glyphs  style.Glyphs
}

func kinds() []kind {
	return []kind{
		{"16 colours", style.Terminal, colorprofile.ANSI, style.ASCII()},
		{"16 colours, UTF-8", style.Terminal, colorprofile.ANSI, style.Unicode()},
		{"palette mono", style.MonoPalette, colorprofile.ANSI, style.ASCII()},
		{"NO_COLOR", style.Terminal, colorprofile.ASCII, style.ASCII()},
	}
}

// looks draws the screen on every kind of terminal. The text must be the same
// on all of them, but for the glyphs.
func (c *console) looks() string {
	c.Helper()
	mine := *c.shared.Styles
	defer func() { *c.shared.Styles = mine }()
	text, before := c.plain(), ""
	var b strings.Builder
	for _, k := range kinds() {
		*c.shared.Styles = *style.New(k.palette.Theme(k.profile), k.glyphs)
		got, look := onEmulator(c.View().Content, k.profile, c.layout.width, c.layout.height)
		if got = inASCII(got, text); got != text {
			c.Errorf("%s: the text is another one:\n%s", k.name, got)
		}
		if look == before {
			fmt.Fprintf(&b, "== %s: the same\n", k.name)
			continue
		}
		fmt.Fprintf(&b, "== %s\n%s", k.name, look)
		before = look
	}
	return b.String()
}

// inASCII replaces the glyphs of a UTF-8 terminal by those of ASCII. Of two
// that are drawn with the same character, and of heights, of which there are
// more in one than in the other, that one is taken which the text wants.
func inASCII(screen, want string) string {
	u, a := style.Unicode(), style.ASCII()
	spelled := map[string]string{
		u.Horizontal: a.Horizontal, u.Vertical: a.Vertical, u.Ellipsis: a.Ellipsis,
		u.Up: a.Up, u.Down: a.Down, u.Full: a.Full, u.Empty: a.Empty,
	}
	for _, height := range u.Spark {
		spelled[height] += strings.Join(a.Spark, "")
	}
	var b strings.Builder
	wanted := []rune(want)
	for i, r := range []rune(screen) {
		may := spelled[string(r)]
		switch {
		case may == "":
			b.WriteRune(r)
		case i < len(wanted) && strings.ContainsRune(may, wanted[i]):
			b.WriteRune(wanted[i])
		default:
			b.WriteString(may[:1])
		}
	}
	return b.String()
}

// onEmulator draws a frame on a terminal emulator and returns its text and its
// attributes.
func onEmulator(frame string, profile colorprofile.Profile, width, height int) (text, look string) {
	var sent bytes.Buffer
	w := colorprofile.Writer{Forward: &sent, Profile: profile}
	_, _ = w.WriteString(strings.ReplaceAll(frame, "\n", "\r\n"))
	screen := vt.NewEmulator(width, height)
	defer screen.Close()
	_, _ = screen.Write(sent.Bytes())
	var t, l strings.Builder
	for y := range height {
		line, runs := lineOf(screen, y, width)
		t.WriteString(strings.TrimRight(line, " ") + "\n")
		if runs != "" {
			fmt.Fprintf(&l, "%3d%s\n", y+1, runs)
		}
	}
	return t.String(), l.String()
}

// lineOf reads one line of the emulator.
func lineOf(screen *vt.Emulator, y, width int) (text, runs string) {
	var b, r strings.Builder
	begin, end, look := 0, 0, ""
	turn := func(now string) {
		if look != "" {
			fmt.Fprintf(&r, "  %d-%d %s", begin+1, end, look)
		}
		look = now
	}
	for x := 0; x < width; x++ {
		cell := screen.CellAt(x, y)
		switch {
		case cell == nil || cell.Width == 0 && cell.Content == "":
			continue // the second half of a wide character
		case cell.Content == "":
			b.WriteByte(' ')
		default:
			b.WriteString(cell.Content)
		}
		now := lookOf(cell)
		if now == "" && strings.TrimSpace(cell.Content) == "" {
			continue // between two words of one look
		}
		if now != look {
			turn(now)
			begin = x
		}
		end = x + max(cell.Width, 1)
	}
	turn("")
	return b.String(), r.String()
}

// lookOf is the attributes of a cell, which has a character or a blank. On a blank only those count that are
// seen.
func lookOf(cell *uv.Cell) string {
	var b strings.Builder
	if strings.TrimSpace(cell.Content) != "" {
		b.WriteString(colourOf(cell.Style.Fg))
		for _, a := range []struct {
			bit  uint8
			mark byte
		}{{uv.AttrBold, 'B'}, {uv.AttrFaint, 'F'}} {
			if cell.Style.Attrs&a.bit != 0 {
				b.WriteByte(a.mark)
			}
		}
	}
	if bg := colourOf(cell.Style.Bg); bg != "" {
		b.WriteString("/" + bg)
	}
	if cell.Style.Attrs&uv.AttrReverse != 0 {
		b.WriteByte('R')
	}
	if cell.Style.Underline != ansi.UnderlineNone {
		b.WriteByte('U')
	}
	return b.String()
}

func colourOf(c color.Color) string {
	switch c := c.(type) {
	case nil:
		return ""
	case ansi.BasicColor:
		return fmt.Sprint(uint8(c))
	default:
		return fmt.Sprint(c)
	}
}
