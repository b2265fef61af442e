package ruleset

import "strings"

// DockerUser is the chain of the filter table that Docker leaves to the
// administrator.
const DockerUser = "DOCKER-USER"

// ForwardHook names the filter chain that our forward chain is to be hooked
// into, at position 1, for a chain FORWARD, which may be nil: DOCKER-USER when
// FORWARD reaches it for every packet before any other chain of Docker's, else
// FORWARD. Engines before 17.06 have no DOCKER-USER, and neither have those that
// write nftables themselves.
func ForwardHook(forward *Chain) string {
	if forward == nil {
		return Forward
	}
	for _, r := range forward.Rules {
		switch to := r.JumpsTo(); {
		case to == DockerUser && r.Unconditional():
			return DockerUser
		case strings.HasPrefix(to, "DOCKER"):
			return Forward
		}
	}
	return Forward
}

// Unconditional reports whether a rule matches every packet.
func (r *Rule) Unconditional() bool {
	return len(r.Raw) == 0 && len(r.Matches) == 0 && r.In == (Iface{}) && r.Out == (Iface{}) &&
		r.Src == (Net{}) && r.Dst == (Net{}) && r.Proto == (Proto{})
}
