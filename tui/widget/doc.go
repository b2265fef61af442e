// Package widget holds the parts that screens are made of: the sanitiser that
// every text from outside goes through, a line builder, a windowed table, a
// cell editor, dialogs, a diff view, tabs, bars and key hints.
//
// A widget is a plain struct. It renders from values into a given width and
// height, handles keys that it is given, and knows nothing about firewalls: no
// table, no engine. No widget draws more than what is visible, whatever the
// length of what it shows, and none returns a line wider than asked.
package widget
