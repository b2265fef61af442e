package tables

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameLimits are the longest names, in bytes, and why: MicroFW appends four
// or five characters to make the name of a set or a chain.
var nameLimits = [len(objectNames)]struct {
	length int
	why    string
}{
	AddressObject:   {28, "kernel set names end at 31"},
	ServiceObject:   {27, "kernel set names end at 31"},
	ZoneObject:      {24, "kernel chain names end at 28"},
	InterfaceObject: {15, "kernel interface names end at 15"},
}

// checkName reports what is wrong with the name of an object where it is
// defined. What iptables and ipset take is accepted with a warning.
func (c *checker) checkName(row Row, cell int, class Object) bool {
	name := row.cell(cell)
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return false // the check of the line has said so
	}
	if class != InterfaceObject && reserved(class, name) {
		if class == ZoneObject {
			c.report(row, cell, fault("zone cannot be ALL or FW; %s is reserved", quote(name)))
		} else {
			c.report(row, cell, fault("%s is reserved; choose another name", quote(name)))
		}
		return false
	}
	if f := nameFinding(name, class); f.text != "" {
		c.report(row, cell, f)
		if f.severity == Error {
			return false
		}
	}
	if limit := nameLimits[class]; len(name) > limit.length {
		c.report(row, cell, fault("%s name has %s; the limit is %d (%s)", class, sizeOf(name), limit.length, limit.why))
		return false
	}
	return true
}

// sizeOf is the length of a name. The kernel counts bytes.
func sizeOf(name string) string {
	if n := utf8.RuneCountInString(name); n < len(name) {
		return fmt.Sprintf("%d bytes (%d characters)", len(name), n)
	}
	return fmt.Sprintf("%d characters", len(name))
}

// nameFinding judges the characters of a name; it is zero for a good one.
// Quotes, backslashes and what is not seen never go into a restore file. Letters
// and digits of any script do, as the kernel keeps bytes, unless the name could
// be taken for another.
func nameFinding(name string, class Object) finding {
	for _, r := range name {
		if r == '\'' || r == '"' || r == '\\' || r > '~' && !unicode.IsPrint(r) {
			return fault("name %s contains %s; %s", quote(name), quote(string(r)), allowedLetters)
		}
	}
	if f := disguise(name); f.text != "" {
		return f
	}
	first, _ := utf8.DecodeRuneInString(name)
	switch {
	case class == ZoneObject && (first == '-' || first == '!'):
		return fault("zone name %s must start with a letter or digit", quote(name))
	case first == '#':
		return note("looks like an indented comment; it declares %s %s", class, quote(name))
	case class == InterfaceObject:
		return interfaceFinding(name)
	case !nameLetter(first):
		return note("name %s should start with a letter or digit", quote(name))
	}
	for _, r := range name {
		if !nameLetter(r) && r != '_' && r != '-' && r != '.' {
			return note("name %s contains %s; %s", quote(name), quote(string(r)), allowedLetters)
		}
	}
	return finding{}
}

// nameLetter reports whether a character is a letter or digit of any script.
func nameLetter(r rune) bool {
	if r <= unicode.MaxASCII {
		return letterOrDigit(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// disguise refuses a name with letters that look like Latin ones, where it could
// be taken for a name in Latin letters: nothing else is in it, or it has Latin
// letters as well. A name in another script alone is what it looks like.
func disguise(name string) finding {
	latin, meant, first := false, []rune(name), rune(0)
	for i, r := range meant {
		if ascii, _ := lookAlike(r); ascii != 0 {
			meant[i] = ascii
			if first == 0 {
				first = r
			}
			continue
		}
		latin = latin || unicode.Is(unicode.Latin, r)
	}
	if first == 0 || !latin && !plainASCII(string(meant)) {
		return finding{}
	}
	ascii, script := lookAlike(first)
	return fault("name %s contains U+%04X (%s), which looks like '%c'", quote(name), first, script, ascii).instead(string(meant))
}

const allowedLetters = `use letters, digits, '_', '-' and '.'`

// interfaceFinding says what is odd about an interface name that iptables
// takes.
func interfaceFinding(name string) finding {
	device, _, alias := strings.Cut(name, ":")
	switch {
	case strings.HasSuffix(name, "+"):
		return note("%s is a wildcard in iptables; list the interfaces", quote(name))
	case alias && device != "":
		return note("%s is an alias, not an interface, and never matches; use %s", quote(name), device).instead(device)
	case name == "." || name == "..", strings.ContainsAny(name, "/:"):
		return note("%s cannot be the name of an interface and never matches", quote(name))
	case name == "lo":
		return note("loopback is always allowed; a zone for it has no effect on the firewall itself")
	}
	return finding{}
}

// checkSpelling warns of a name that differs from an earlier one by case
// only.
func (c *checker) checkSpelling(row Row, cell int, class Object) {
	n, name := &c.defined[class], row.cell(cell)
	lower := strings.ToLower(name)
	if other, ok := n.folded[lower]; ok && other != name {
		c.report(row, cell, note("%s and %s (line %d) differ only by case", quote(name), quote(other), n.line[other]))
		return
	}
	n.folded[lower] = name
}

// lookAlike finds the ASCII letter that a letter of another script is
// mistaken for, and names the script.
func lookAlike(r rune) (ascii rune, script string) {
	const (
		cyrillic = "асеоріјѕԁһьухАВЕКМНОРСТУХІЈЅ"
		asCyr    = "aceopijsdhbyxABEKMHOPCTYXIJS"
		greek    = "ορνικυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
		asGreek  = "opvikuABEZHIKMNOPTYX"
	)
	for i, c := range []rune(cyrillic) {
		if c == r {
			return rune(asCyr[i]), "Cyrillic"
		}
	}
	for i, c := range []rune(greek) {
		if c == r {
			return rune(asGreek[i]), "Greek"
		}
	}
	if r >= '！' && r <= '～' && unicode.IsPrint(r) {
		return r - '！' + '!', "full width"
	}
	return 0, ""
}
