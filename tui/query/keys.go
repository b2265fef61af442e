package query

import "strings"

// Key is what a term asks for.
type Key uint8

// The keys. Text is a word without a key, and Family the words v4 and v6.
const (
	Text Key = iota
	Family
	Src
	Dst
	IP
	Zone
	Port
	DPort
	SPort
	Proto
	State
	NAT
	Rule
	Action
	Iface
	Table
	Chain
	Owner
	Who
	keyCount
)

// form is how the value of a key is read and compared.
type form uint8

const (
	wordForm form = iota
	addressForm
	portForm
	pairForm // source > destination
	rowForm  // rules:32
)

// keyInfo is what is known about a key in every list.
type keyInfo struct {
	name    string
	form    form
	example string
	help    string
}

var keys = [keyCount]keyInfo{
	Text:   {"", wordForm, "ssh", "a word anywhere in the row"},
	Family: {"", wordForm, "v6", "v4 or v6: what exists in that family"},
	Src:    {"src", addressForm, "src:10.0.0.0/8", "source overlaps an address, network, range or object"},
	Dst:    {"dst", addressForm, "dst:nas", "destination, in the same way"},
	IP:     {"ip", addressForm, "ip:2001:db8::/32", "source or destination; several with commas"},
	Zone:   {"zone", pairForm, "zone:ext>DOCKER", "from > to; zone:ext is either side, zone:ext> the source; a row towards ALL is towards each zone and FW"},
	Port:   {"port", portForm, "port:1-1024", "port, range or service, of either side"},
	DPort:  {"dport", portForm, "dport:https", "destination port"},
	SPort:  {"sport", portForm, "sport:53", "source port"},
	Proto:  {"proto", wordForm, "proto:udp", "protocol, by name or number"},
	State:  {"state", wordForm, "state:syn", "state of a flow or a row"},
	NAT:    {"nat", wordForm, "nat:dst", "what is rewritten: src, dst or none"},
	Rule:   {"rule", rowForm, "rule:32", "line of rules; virtuals:2 for another table"},
	Action: {"action", wordForm, "action:drop", "what a rule does with a packet"},
	Iface:  {"iface", wordForm, "iface:eth0", "interface, also by its zone"},
	Table:  {"table", wordForm, "table:rules", "table of the policy or of the kernel"},
	Chain:  {"chain", wordForm, "chain:ext_inp", "chain of the kernel"},
	Owner:  {"owner", wordForm, "owner:docker", "who made a chain: ours, docker, foreign"},
	Who:    {"who", wordForm, "who:alice", "who applied it"},
}

// Name is the key as it is typed; empty for a word without a key.
func (k Key) Name() string { return keys[k].name }

// Example is a term with the key.
func (k Key) Example() string { return keys[k].example }

// Help says in a few words what the key asks for.
func (k Key) Help() string { return keys[k].help }

// Keys lists every key in the order in which they are explained.
func Keys() []Key {
	all := make([]Key, 0, keyCount)
	for k := range keyCount {
		all = append(all, k)
	}
	return all
}

// Syntax explains what is not a key: each line is an example and what it does.
func Syntax() [][2]string {
	return [][2]string{
		{"ssh drop", "rows with both words"},
		{"!port:22", "rows for which the term does not hold"},
		{`"two words"`, "text with blanks, or with a colon that makes no key"},
		{"10.0.0.0/8", "a network alone is ip:"},
	}
}

// keyNamed finds a key by its name.
func keyNamed(name string) (Key, bool) {
	for k := Src; k < keyCount; k++ {
		if strings.EqualFold(keys[k].name, name) {
			return k, true
		}
	}
	return Text, false
}
