package style

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
