// Package query is the filter language of the lists. A query is a row of terms
// that must all hold: plain words, which are looked for in the text of a row,
// and key:value terms, which know what they ask for.
//
//	src:10.0.0.0/8 port:443 !state:established "two words"
//
// Parse reads what a person is typing, so a value that is only begun is no
// mistake: it matches what begins like it. What cannot be read is a Problem,
// and a query with a problem keeps no row, since other keys act on all rows
// that are shown.
//
// The package is pure and knows no list. A list gives a Language, which says
// which keys it has and which names may stand for values, and shows each row as
// a Record.
package query
