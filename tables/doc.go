// Package tables reads, checks and edits the ASCII tables: addresses,
// services, interfaces, rules, virtuals, and the optional options.
//
// The promise: for every byte sequence b, Parse(kind, b).Bytes() is b. A file
// is a list of lines; a row is a list of cells, and each cell carries the
// bytes of the gap before it. An edit changes bytes only on the lines that it
// names. What cannot be understood is reported with file, line and column, all
// of it in one go, and never lost.
//
// A Set does not change, and an edit gives another one: to undo is to take the
// one before.
//
// The grammar is MicroFW's. A line is a comment when its first byte is '#'; a
// line of white space is blank; everything else is a row of cells, separated
// by runs of Unicode white space, whose number must be exact. A comment that
// starts with "#~ " is a row that was switched off.
//
// What MicroFW loads without an error line is accepted, with a warning where
// it is likely a mistake. Refused although MicroFW takes them are an empty
// country list, octal-looking numbers, reserved words as names, and names with
// quotes, backslashes, characters that are not seen, or letters of another script
// that look like Latin ones.
//
// The package is pure. It reads through fs.FS and never writes, never resolves
// a name and knows nothing about the kernel's present state: facts that a
// check needs (interfaces that exist, country data) come in through Facts.
package tables
