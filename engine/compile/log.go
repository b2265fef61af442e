package compile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// LogGroup is the netlink group to which rules of ours log. The log prefix is
// ruleset.CommentPrefix and the id of the row, or "reject" for what no row
// decided about. The number has no meaning: it is one that ulogd's samples do
// not use.
const LogGroup = 28006

// logPrefix starts the id of a rule that logs for another one, so that a
// packet does not count twice for the row.
const logPrefix = "log-"

// rowLogRate is how much of the traffic of a +log row is logged at most.
const rowLogRate = "10/sec"

// log appends the rule that logs what r matches, at most at the given rate, for
// the row or part with this id.
func (f *family) log(c *ruleset.Chain, id, logID string, r ruleset.Rule, rate string) {
	r.Matches = append(slices.Clip(r.Matches), limit(rate))
	f.add(c, logID, r, ruleset.NFLog{Group: LogGroup, Prefix: ruleset.CommentPrefix + id})
}

// limit is a rate limit with the burst that the tools take when none is given.
// The kernel refuses a burst that takes more than a day to come back, so a rate
// under five a day has a smaller one.
func limit(rate string) ruleset.MatchLimit {
	burst := uint64(5)
	number, unit, _ := strings.Cut(rate, "/")
	if n, err := strconv.ParseUint(number, 10, 32); err == nil && strings.HasPrefix(unit, "d") {
		burst = max(1, min(burst, n))
	}
	return ruleset.MatchLimit{Average: rate, Burst: uint32(burst)}
}
