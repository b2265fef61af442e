package tui

import (
	"fmt"
	"image/color"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// chosen makes the console as these lines of a settings file want it.
func (c *console) chosen(file string, on colorprofile.Profile) {
	c.Helper()
	s, err := settings.Parse("console.toml", []byte(file), settings.Default())
	if err == nil {
		err = c.configure(s, on)
	}
	if err != nil {
		c.Fatal(err)
	}
}

func TestSettingsAreSeenOnTheScreen(t *testing.T) {
	tests := []struct{ file, want string }{
		{`units = "bits"`, "BIT"},
		{`units = "bytes"`, "B/S"},
		{`refresh = "10s"`, "every 10 s"},
		{`clock = "utc"`, " UTC"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			inConsole(t, 120, 24, nil, func(c *console) {
				c.chosen(tt.file, colorprofile.ANSI)
				c.press("4")
				c.seconds(2)
				c.shows(tt.want)
			})
		})
	}
}

func TestBackgroundChoosesThePaletteOnlyWhenAskedTo(t *testing.T) {
	tests := []struct {
		palette    string
		background color.Color
		want       style.Palette
	}{
		{"auto", color.Black, style.Dark},
		{"auto", color.White, style.Light},
		{"auto", nil, style.Terminal}, // it never answers
		{"terminal", color.White, style.Terminal},
		{"okabe-ito", color.White, style.OkabeIto},
	}
	for _, tt := range tests {
		t.Run(tt.palette, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.chosen("palette = '"+tt.palette+"'", colorprofile.TrueColor)
				*c.shared.Styles = *style.New(c.settings.Palette.Theme(c.profile), style.ASCII())
				if asks := strings.Contains(c.background(), "\x1b]11;?"); asks != (tt.palette == "auto") {
					t.Errorf("the background is asked for: %v", asks)
				}
				if tt.background != nil {
					c.send(tea.BackgroundColorMsg{Color: tt.background})
				}
				want := style.New(tt.want.Theme(colorprofile.TrueColor), style.ASCII())
				if got := c.shared.Styles.Good.Render("x"); got != want.Good.Render("x") {
					t.Errorf("good is drawn %q, want %q as in %s", got, want.Good.Render("x"), tt.want)
				}
			})
		})
	}
}

func TestASCIIScreensHoldNothingElse(t *testing.T) {
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				v.goTo(c)
				c.seconds(3)
				if i := strings.IndexFunc(c.plain(), func(r rune) bool { return r > 0x7e }); i >= 0 {
					t.Errorf("%q is not ASCII:\n%s", []rune(c.plain()[i:])[0], c.plain())
				}
			})
		})
	}
}

// A row that is painted is also marked, since a terminal may paint nothing.
func TestPaintedRowsAreMarkedToo(t *testing.T) {
	for _, v := range eightScreens {
		t.Run(v.name, func(t *testing.T) {
			seen := onEmulator(t, v, 80, 24, style.Mono(), style.ASCII())
			lines := strings.Split(seen.text, "\n")
			for stretch := range strings.Lines(seen.attributes) {
				var y, from, to int
				if _, err := fmt.Sscanf(stretch, "%d %d-%d", &y, &from, &to); err != nil {
					t.Fatalf("%q: %v", stretch, err)
				}
				if from == 1 && strings.Contains(stretch, "reverse") && !strings.HasPrefix(lines[y-1], ">") {
					t.Errorf("line %d is painted and has no mark: %q", y, lines[y-1])
				}
			}
		})
	}
}

func TestFirstFrameWaitsForNoBackground(t *testing.T) {
	s := settings.Default()
	s.Palette = style.Auto
	m := newModel(t.Context(), tuitest.New(time.Now), style.New(style.Basic(), style.ASCII()), time.Now)
	if err := m.configure(s, colorprofile.ANSI256); err != nil {
		t.Fatal(err)
	}
	if v := m.View(); !strings.Contains(v.Content, "Overview") {
		t.Errorf("the first frame is %q", v.Content)
	}
}
