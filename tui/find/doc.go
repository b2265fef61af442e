// Package find says what a filter finds in the lists of the console: which keys
// each list has, what its rows hold for them, and what the names in the tables
// stand for.
//
// Screens and lines ask in the same language and keep the same rows: a Sieve
// differs from the filter of a screen only in the text that a word is looked for
// in, which is what is said of the row. A filter that cannot be read keeps
// nothing.
//
// It does not know what is drawn, typed or selected, and does not parse: the
// language is that of package query. Lists that only a screen has, such as
// chains, containers and denied packets, have their records beside it in page.
package find
