package page

import "github.com/mfwtui/mfwtui/tui/widget"

// inUnit is a number of bytes in the unit that the person wants rates in.
func (s *Shared) inUnit(bytes float64) float64 {
	if s.Bits {
		return 8 * bytes
	}
	return bytes
}

// byteRate is a rate of bytes in that unit, a dash for nothing.
func (s *Shared) byteRate(bytes float64) widget.Safe {
	if bytes < 1 {
		return "-"
	}
	return widget.Clean(short(s.inUnit(bytes)))
}
