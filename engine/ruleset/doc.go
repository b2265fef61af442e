// Package ruleset is the kernel's firewall vocabulary: families, tables,
// chains, rules and sets, as values.
//
// It reads what iptables-save -c, ip6tables-save -c and ipset save print,
// writes what iptables-restore and ipset restore read, and brings every rule
// into one canonical form, so that what the compiler wants and what the kernel
// runs can be compared word by word. What nft -j prints of a table that is none of
// iptables is read into the same types, to be looked at. It also walks a packet through a ruleset
// and says which rules it met, which verdict it got, and what could not be
// judged.
//
// The package is pure: text in, values out. It runs nothing, opens nothing and
// knows nothing about tables, rows or Docker. Rules that it does not fully
// understand are kept as raw words, compare equal to themselves, and are never
// written back.
package ruleset
