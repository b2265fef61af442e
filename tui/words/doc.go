// Package words is how things of a firewall are written: flows, table rows,
// differences, proofs of a trial, and the consequences of a change.
//
// Whoever says such a thing, a screen, a line or a command, says it in the same
// words. Whole sentences come one a line and need no screen. What is Safe was
// cleaned; a string was not, and is still to be when it is drawn.
//
// It does not know colours, widths or columns, and works nothing out that the
// engine has not said. The short forms of numbers and times that columns need
// are the screens' own.
package words
