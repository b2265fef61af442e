package style

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// Colour is a colour as Lip Gloss reads it: "1" to "15" for the colours that
// the terminal itself defines, or "#rrggbb". Empty is the terminal's own.
type Colour string

// Theme is the few colours that the console uses. The zero value has
// attributes only.
type Theme struct {
	Good, Warn, Bad, Accent Colour
}

// Basic takes colours of the terminal's own palette of 16, so it is as
// readable as the person's other programs.
func Basic() Theme { return Theme{Good: "2", Warn: "3", Bad: "1", Accent: "6"} }

// Mono is the theme without colour.
func Mono() Theme { return Theme{} }

// Palette is a choice of colours by name.
type Palette string

// The palettes.
const (
	// Terminal takes the 16 colours that the terminal defines.
	Terminal Palette = "terminal"
	// Auto asks the terminal for its background, and is Dark or Light once it
	// has answered; Terminal until then.
	Auto Palette = "auto"
	// Dark and Light name their colours, for backgrounds that are nearly
	// black or nearly white.
	Dark  Palette = "dark"
	Light Palette = "light"
	// OkabeIto is told apart with every kind of colour blindness.
	OkabeIto Palette = "okabe-ito"
	// MonoPalette has bold, reverse and underline only.
	MonoPalette Palette = "mono"
)

// Palettes lists the names.
func Palettes() []string {
	return []string{string(Terminal), string(Auto), string(Dark), string(Light), string(OkabeIto), string(MonoPalette)}
}

// Set takes a name; with String and Type a palette is a flag of the command
// line.
func (p *Palette) Set(name string) error {
	if !slices.Contains(Palettes(), name) {
		return fmt.Errorf("%q is not one of %s", name, strings.Join(Palettes(), ", "))
	}
	*p = Palette(name)
	return nil
}

func (p *Palette) String() string { return string(*p) }

// Type is what the help of the command line calls the value.
func (p *Palette) Type() string { return "name" }

// Theme is the colours of a palette. On a terminal with 16 colours the
// palettes that name theirs would be rounded to whatever is nearest, so there
// they are made of the terminal's own; those of Okabe and Ito keep good and
// bad apart as blue and red.
func (p Palette) Theme(on colorprofile.Profile) Theme {
	few := on < colorprofile.ANSI256
	switch {
	case p == MonoPalette:
		return Mono()
	case p == OkabeIto && few:
		return Theme{Good: "4", Warn: "3", Bad: "1", Accent: "6"}
	case p == OkabeIto:
		return Theme{Good: "#009e73", Warn: "#e69f00", Bad: "#d55e00", Accent: "#56b4e9"}
	case p == Dark && !few:
		return Theme{Good: "#87d787", Warn: "#ffd75f", Bad: "#ff8787", Accent: "#5fd7ff"}
	case p == Light && !few:
		return Theme{Good: "#005f00", Warn: "#875f00", Bad: "#af0000", Accent: "#005f87"}
	}
	return Basic()
}
