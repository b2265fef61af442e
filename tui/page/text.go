package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/tui/widget"
)

// short writes a number in at most five characters: 999, 1.2k, 88k, 4.1M.
func short(n float64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	u := -1
	for n >= 999.5 && u < len(units)-1 {
		n /= 1000
		u++
	}
	if n < 9.95 {
		return fmt.Sprintf("%.1f%c", n, units[u])
	}
	return fmt.Sprintf("%.0f%c", n, units[u])
}

// shortRate is short with one decimal below ten, and a dash for nothing.
func shortRate(n float64) string {
	switch {
	case n <= 0:
		return "-"
	case n < 9.95:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return short(n)
}

// perSecond is shortRate in a sentence.
func perSecond(n float64) string {
	if n <= 0 {
		return "0/s"
	}
	return shortRate(n) + "/s"
}

// age writes a duration in at most four characters: 9s, 12m, 3h, 41d.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// Clock writes a countdown as 00:43; it rounds up, so that 00:00 means over.
func Clock(d time.Duration) widget.Safe {
	s := int((max(d, 0) + time.Second - 1) / time.Second)
	return widget.Format("%02d:%02d", s/60, s%60)
}

// shortRule leaves out of a rule the names of the extensions whose options
// speak for themselves.
func shortRule(text string) string {
	for _, name := range []string{"tcp", "udp", "conntrack", "set", "multiport", "icmp", "icmp6", "mark", "addrtype"} {
		text = strings.ReplaceAll(text, "-m "+name+" ", "")
	}
	return text
}

// shortPlural is "1 packet", "5.9k packets".
func shortPlural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return short(float64(n)) + " " + what + "s"
}
