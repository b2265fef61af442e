// Package reach computes which packets a ruleset lets through, exactly and as
// sets: not by trying packets, but with interval diagrams over interfaces,
// protocol, ports and addresses.
//
// It compares two rulesets (what is newly allowed, what is newly denied, what
// is sent elsewhere) and finds rules that no packet can reach, because the
// rules before them decide about all that they match.
//
// A packet here is the first of a new flow that comes in from outside, by the
// header with which it arrives: not translated, not marked, unicast, a SYN if it
// is TCP, with a hop limit of 64. What this host sends itself is not looked
// at. A rule that asks what cannot be told from a header (a rate limit, an
// unknown extension) is taken as not matching and named among the doubts, as
// the trace of package ruleset does.
//
// The package is pure: rulesets and facts in, values out.
package reach
