package style

import "strings"

// Glyphs are the characters that are not letters. Each is one cell wide.
type Glyphs struct {
	Horizontal, Vertical string
	// Ellipsis stands where text was cut.
	Ellipsis string
	// Up and Down mark the sorted column.
	Up, Down string
	// Full and Empty are the parts of a bar.
	Full, Empty string
	// Spark are the heights of a sparkline, lowest first.
	Spark []string
	// Arrow stands between source and destination.
	Arrow string
}

// Unicode are the glyphs for a UTF-8 terminal.
func Unicode() Glyphs {
	return Glyphs{
		Horizontal: "─", Vertical: "│", Ellipsis: "…", Up: "▲", Down: "▼",
		Full: "█", Empty: "░", Arrow: ">",
		Spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	}
}

// ASCII are the glyphs for every other terminal.
func ASCII() Glyphs {
	return Glyphs{
		Horizontal: "-", Vertical: "|", Ellipsis: "~", Up: "^", Down: "v",
		Full: "#", Empty: ".", Arrow: ">",
		Spark: []string{".", "-", "=", "+", "*", "#"},
	}
}

// UTF8 reports whether the locale of an environment is UTF-8: the first of
// LC_ALL, LC_CTYPE and LANG that is set decides, as in setlocale(3).
func UTF8(env []string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := Getenv(env, name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}
