package ruleset

// Hook is a jump from a chain that is not ours to a chain of ours. It must
// stand exactly once, before anything that could decide instead of us.
type Hook struct {
	Family Family
	Table  string
	From   string // the foreign chain: INPUT, FORWARD, DOCKER-USER, …
	To     string // our root chain
}

// The names of our root chains, as MicroFW calls them.
const (
	RootInput       = "MFWINPUT"
	RootForward     = "MFWFORWARD" // in filter and in mangle
	RootPrerouting  = "MFWPREROUTING"
	RootPostrouting = "MFWPOSTROUTING"
	ChainAccept     = "accept"
	ChainDrop       = "drop"
	ChainReject     = "reject"
)

// The objects of a trial, see engine/apply.
const (
	TrialSet     = "mfw_trial"      // list:set with a timeout: the gate
	TrialNextSet = "mfw_trial_next" // its twin for the swap
	TrialAll4    = "mfw_all4"       // every IPv4 address, member of the gate
	TrialAll6    = "mfw_all6"       // every IPv6 address, member of the gate
	StagedPrefix = "mfwt."          // staged chains and sets
)
