package tables

import (
	"slices"
	"strconv"
	"strings"
)

// ScopeAll is the scope of an option that holds for the whole firewall.
const ScopeAll = "*"

// option is one key of the options table.
type option struct {
	name string
	help string
	// values are all there are; empty when the value has a form of its own.
	values []string
	// form says how such a value is written.
	form string
	// set stores a good value, and says whether it was one.
	set func(*OptionSet, string) bool
}

// oneOf makes an option whose value is one of a few words.
func oneOf(name, help string, field func(*OptionSet) *string, values ...string) option {
	return option{name: name, help: help, values: values, set: func(o *OptionSet, value string) bool {
		if !slices.Contains(values, value) {
			return false
		}
		*field(o) = value
		return true
	}}
}

var optionTable = []option{
	oneOf("ndp", "accept: IPv6 neighbour discovery before every rule; upstream: as MicroFW",
		func(o *OptionSet) *string { return &o.NDP }, "accept", "upstream"),
	oneOf("nat-order", "upstream: any accept+nat row masquerades; first-match: only the row that decides",
		func(o *OptionSet) *string { return &o.NATOrder }, "upstream", "first-match"),
	oneOf("virtual-scope", "upstream: the internal port is open directly too; dnat: only through the virtual",
		func(o *OptionSet) *string { return &o.VirtualScope }, "upstream", "dnat"),
	oneOf("virtual-order", "upstream: virtuals after the rules; first: before them",
		func(o *OptionSet) *string { return &o.VirtualOrder }, "upstream", "first"),
	oneOf("invalid", "pass: packets of conntrack state INVALID meet the rules; drop: they are dropped",
		func(o *OptionSet) *string { return &o.Invalid }, "pass", "drop"),
	{name: "log-denied", help: "log what is denied at the end, at a rate such as 5/min; off: not", values: []string{"off"},
		form: "off or a rate such as 5/min", set: setLogDenied},
	{name: "countdown", help: "seconds to confirm an apply, 10 to 600", form: "a number of seconds, 10 to 600", set: setCountdown},
}

// setLogDenied takes "off" or a rate as the limit match of iptables reads it.
func setLogDenied(o *OptionSet, value string) bool {
	count, unit, ok := strings.Cut(value, "/")
	n, err := strconv.Atoi(count)
	units := []string{"sec", "second", "min", "minute", "hour", "day"}
	if value != "off" && (!ok || err != nil || n < 1 || n > 10000 || !slices.Contains(units, unit)) {
		return false
	}
	o.LogDenied = value
	return true
}

func setCountdown(o *OptionSet, value string) bool {
	n, err := strconv.Atoi(value)
	if err != nil || n < 10 || n > 600 {
		return false
	}
	o.Countdown = n
	return true
}

// checkOptions reads the table options.
func (c *checker) checkOptions() {
	seen := make(map[string]int)
	for row := range c.rows(Options) {
		scope, name, value := row.cell(0), row.cell(1), row.cell(2)
		if scope != ScopeAll {
			c.report(row, 0, fault("unknown scope %s; write * for the whole firewall", quote(scope)).instead(ScopeAll))
		}
		at := slices.IndexFunc(optionTable, func(o option) bool { return o.name == name })
		if at < 0 {
			f := fault("unknown option %s", quote(name))
			c.report(row, 1, didYouMean(f, nearest(name, optionNames()), "options: "+list(optionNames())))
			continue
		}
		if before := seen[name]; before != 0 {
			c.report(row, 1, note("redefines %s from line %d; the last one wins", quote(name), before))
		}
		seen[name] = row.Num
		if opt := optionTable[at]; !opt.set(&c.cfg.Options, value) {
			form := opt.form
			if form == "" {
				form = strings.Join(opt.values, " or ")
			}
			f := fault("invalid value %s for %s; use %s", quote(value), name, form)
			c.report(row, 2, f.instead(nearest(value, opt.values)))
		}
	}
}

func optionNames() []string {
	names := make([]string, len(optionTable))
	for i, o := range optionTable {
		names[i] = o.name
	}
	return names
}
