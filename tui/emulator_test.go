package tui

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"

	"github.com/mfwtui/mfwtui/tui/style"
)

// eightScreens are the screens of the console, in the order of their keys.
var eightScreens = []view{
	{"overview", func(c *console) { c.seconds(5) }},
	{"policy", func(c *console) { c.press("2", "j", "x") }},
	{"review", func(c *console) { c.press("2", "j", "x", "3") }},
	{"flows", func(c *console) { c.press("4", "j") }},
	{"counters", func(c *console) { c.press("5", "j") }},
	{"explain", explainWeb},
	{"history", func(c *console) { c.press("7") }},
	{"trial", func(c *console) { c.press("2", "j", "x", "3", "A", "y"); c.text("k7") }},
}

// shown is what a terminal shows: the text, the attributes of its cells, and
// these with the colours.
type shown struct{ text, attributes, styles string }

// onEmulator draws a screen on a terminal emulator, through the colours that
// the program takes for this environment.
func onEmulator(t *testing.T, v view, width, height int, theme style.Theme, glyphs style.Glyphs, env ...string) (s shown) {
	t.Helper()
	inStyle(t, style.New(theme, glyphs), width, height, nil, func(c *console) {
		v.goTo(c)
		var out bytes.Buffer
		w := &colorprofile.Writer{Forward: &out, Profile: style.Profile(append(env, "TERM=xterm-256color"))}
		if _, err := io.WriteString(w, strings.ReplaceAll(c.View().Content, "\n", "\r\n")); err != nil {
			t.Fatal(err)
		}
		e := vt.NewEmulator(width, height)
		if _, err := e.Write(out.Bytes()); err != nil {
			t.Fatal(err)
		}
		s = readEmulator(e)
	})
	return s
}

// readEmulator reads the screen.
func readEmulator(e *vt.Emulator) shown {
	var text strings.Builder
	for y := range e.Height() {
		var row strings.Builder
		for x := range e.Width() {
			row.WriteString(cellAt(e, x, y).Content)
		}
		text.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	return shown{text.String(), stretches(e, attributes), stretches(e, func(c *uv.Cell) string { return attributes(c) + colours(c) })}
}

// cellAt is a cell; a blank for one that nobody wrote.
func cellAt(e *vt.Emulator, x, y int) *uv.Cell {
	if c := e.CellAt(x, y); c != nil {
		return c
	}
	return &uv.Cell{Content: " "}
}

// stretches lists the cells side by side that have the same name, by line and
// columns; without those whose name is empty.
func stretches(e *vt.Emulator, name func(*uv.Cell) string) string {
	var out strings.Builder
	for y := range e.Height() {
		for x := 0; x < e.Width(); {
			from, now := x, name(cellAt(e, x, y))
			for x++; x < e.Width() && name(cellAt(e, x, y)) == now; x++ {
			}
			if now != "" {
				fmt.Fprintf(&out, "%2d %3d-%-3d%s\n", y+1, from+1, x, now)
			}
		}
	}
	return out.String()
}

func attributes(c *uv.Cell) (name string) {
	for _, a := range []struct {
		bit  uint8
		name string
	}{{uv.AttrBold, " bold"}, {uv.AttrFaint, " faint"}, {uv.AttrReverse, " reverse"}} {
		if c.Style.Attrs&a.bit != 0 {
			name += a.name
		}
	}
	if c.Style.Underline != uv.UnderlineNone {
		name += " underline"
	}
	return name
}

func colours(c *uv.Cell) (name string) {
	if c.Style.Fg != nil {
		name += fmt.Sprintf(" colour %v", c.Style.Fg)
	}
	if c.Style.Bg != nil {
		name += fmt.Sprintf(" on %v", c.Style.Bg)
	}
	return name
}

// compareEmulator compares a screen in 16 colours with a file.
func compareEmulator(t *testing.T, name string, got shown) {
	t.Helper()
	path := filepath.Join("testdata", "emulator", name+".golden")
	text := got.text + "\n" + got.styles
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs; go test -update writes it anew.\ngot\n%s\nwant\n%s", path, text, want)
	}
}

func TestScreensOnAnEmulator(t *testing.T) {
	for _, v := range eightScreens {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			name := fmt.Sprintf("%s-%dx%d", v.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				draw := func(theme style.Theme, glyphs style.Glyphs, env ...string) shown {
					return onEmulator(t, v, size[0], size[1], theme, glyphs, env...)
				}
				colours := draw(style.Basic(), style.Unicode())
				compareEmulator(t, name, colours)
				mono := draw(style.Mono(), style.Unicode())
				if mono.text != colours.text {
					t.Errorf("without colours the text is another one:\n%s\nwith\n%s", mono.text, colours.text)
				}
				if mono.styles != colours.attributes {
					t.Errorf("without colours the attributes are\n%s\nwant\n%s", mono.styles, colours.attributes)
				}
				for _, env := range []string{"NO_COLOR=yes", "CLICOLOR=0"} {
					if got := draw(style.Basic(), style.Unicode(), env); got != mono {
						t.Errorf("with %s the terminal does not show the screen without colours:\n%s%s", env, got.text, got.styles)
					}
				}
				ascii := draw(style.Basic(), style.ASCII())
				if i := strings.IndexFunc(ascii.text, func(r rune) bool { return r > '~' }); i >= 0 {
					t.Errorf("the ASCII screen holds %q", ascii.text[i:i+4])
				}
				if ascii.styles != colours.styles {
					t.Errorf("in ASCII the styles are\n%s\nwant\n%s", ascii.styles, colours.styles)
				}
			})
		}
	}
}
