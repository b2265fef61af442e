package ruleset

import (
	"fmt"
	"strconv"
	"strings"
)

// limitBurst is what -m limit takes when no burst is given; the tools do not
// print it.
const limitBurst = 5

func (o *options) limit() (Match, bool) {
	m := MatchLimit{Average: "3/hour", Burst: limitBurst}
	for o.pos < len(o.words) {
		name, ok := o.next()
		if !ok || o.not {
			return nil, false
		}
		switch value := o.value(); name {
		case "--limit":
			_, ok = limitPeriod(value)
			m.Average = value
		case "--limit-burst":
			m.Burst, ok = parseUint[uint32](value, 32)
		default:
			return nil, false
		}
		if !ok {
			return nil, false
		}
	}
	m.Average = canonicalRate(m.Average)
	return m, true
}

// limitScale is XT_LIMIT_SCALE: the kernel counts in ten thousandths of a
// second.
const limitScale = 10000

var limitUnits = [...]struct {
	name   string
	period uint32
}{
	{"day", 24 * 60 * 60 * limitScale}, {"hour", 60 * 60 * limitScale}, {"min", 60 * limitScale}, {"sec", limitScale},
}

// limitPeriod reads "5/min" as the time between two packets. A unit may be
// shortened or be written out.
func limitPeriod(average string) (uint32, bool) {
	rate, unit, hasUnit := strings.Cut(average, "/")
	n, ok := parseUint[uint32](rate, 32)
	if !ok || n == 0 {
		return 0, false
	}
	if !hasUnit {
		unit = "sec"
	}
	for _, u := range limitUnits {
		if unit != "" && (strings.HasPrefix(u.name, unit) || unit == u.name+"s" || unit == u.name+"ute" || unit == u.name+"ond") {
			return u.period / n, u.period/n > 0
		}
	}
	return 0, false
}

// canonicalRate writes a rate as iptables-save does: in the largest unit in
// which it is a whole number. A rate that cannot be read stays as it is.
func canonicalRate(average string) string {
	period, ok := limitPeriod(average)
	if !ok {
		return average
	}
	best := limitUnits[0]
	for _, u := range limitUnits[1:] {
		if period > u.period || u.period/period < u.period%period {
			break
		}
		best = u
	}
	return strconv.FormatUint(uint64(best.period/period), 10) + "/" + best.name
}

func (m MatchLimit) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = appendOption(append(b, " -m limit"...), "--limit", canonicalRate(m.Average))
	if m.Burst != limitBurst && m.Burst != 0 {
		b = strconv.AppendUint(append(b, " --limit-burst "...), uint64(m.Burst), 10)
	}
	return b
}

func (m MatchLimit) check(Family) error {
	if _, ok := limitPeriod(m.Average); !ok {
		return fmt.Errorf("limit %q is not a rate such as 5/min", m.Average)
	}
	return nil
}
