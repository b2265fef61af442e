// Package compile turns tables and host facts into the ruleset that the kernel
// shall run: IPv4, IPv6 and sets, every rule marked with the row it came from.
//
// The verdicts are MicroFW's; the form is chosen for what a packet pays. The
// input interface is asked once (zone chain), the output interface once (the
// forward chain of a zone only dispatches to one chain for each destination
// zone), single values are literal matches, several values are a set.
//
// The package is pure and deterministic: the same tables and facts give the
// same ruleset. It resolves no names and reads no country data: what it needs
// from outside comes in through Facts.
package compile
