package page

import "github.com/mfwtui/mfwtui/tui/widget"

// unit is a number of bytes in the unit that the person wants rates in.
func (s *Shared) unit(bytes float64) float64 {
	if s.Bits {
		return 8 * bytes
	}
	return bytes
}

// perSecond is the name of that unit, as the end of a rate: "B/s" or "b/s".
func (s *Shared) perSecond() widget.Safe {
	if s.Bits {
		return "b/s"
	}
	return "B/s"
}

// byteRate is a rate of bytes in that unit, a dash for nothing.
func (s *Shared) byteRate(bytes float64) widget.Safe {
	if bytes < 1 {
		return "-"
	}
	return widget.Clean(short(s.unit(bytes)))
}
