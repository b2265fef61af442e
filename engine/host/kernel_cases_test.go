package host

// A kernelCase is a series of loads and the state after them. The same cases
// are fed to the fake kernel and to both back ends of the real one.
type kernelCase struct {
	name  string
	steps []load1
	want  string
}

// load1 is one load, "v4", "v6" or "sets". Fails is a class of error: "no",
// "yes", "not exist" or "in use".
type load1 struct{ what, fails, text string }

var kernelCases = []kernelCase{
	{
		name:  "a declared chain is made and the hook inserted",
		steps: []load1{{"v4", "no", "*filter\n:MFWINPUT - [0:0]\n-A MFWINPUT -i lo -m comment --comment mfw:lo -j ACCEPT\n-I INPUT -m comment --comment mfw:hook -j MFWINPUT\nCOMMIT\n"}},
		want:  "v4 filter INPUT: -m comment --comment \"mfw:hook\" -j MFWINPUT\nv4 filter MFWINPUT: -i lo -m comment --comment \"mfw:lo\" -j ACCEPT\n",
	},
	{
		name: "declaring a chain again empties it and leaves the others",
		steps: []load1{
			{"v6", "no", "*filter\n:a - [0:0]\n:b - [0:0]\n-A a -j ACCEPT\n-A b -j DROP\nCOMMIT\n"},
			{"v6", "no", "*filter\n:a - [0:0]\n-A a -j RETURN\nCOMMIT\n"},
		},
		want: "v6 filter a: -j RETURN\nv6 filter b: -j DROP\n",
	},
	{
		name:  "declaring a chain twice keeps what follows the second time",
		steps: []load1{{"v4", "no", "*filter\n:a - [0:0]\n-A a -j ACCEPT\n:a - [0:0]\n-A a -j DROP\nCOMMIT\n"}},
		want:  "v4 filter a: -j DROP\n",
	},
	{
		name: "a bad line leaves its table as it was",
		steps: []load1{
			{"v4", "no", "*filter\n:a - [0:0]\n-A a -j ACCEPT\nCOMMIT\n"},
			{"v4", "yes", "*filter\n:a - [0:0]\n-A a -j DROP\n-A a --bogus 1\nCOMMIT\n"},
		},
		want: "v4 filter a: -j ACCEPT\n",
	},
	{
		name: "a good table stays although the next one is bad",
		steps: []load1{
			{"v4", "not exist", "*filter\n:a - [0:0]\n-A a -j ACCEPT\nCOMMIT\n*mangle\n-A missing -j ACCEPT\nCOMMIT\n"},
		},
		want: "v4 filter a: -j ACCEPT\n",
	},
	{
		name:  "text without COMMIT changes nothing",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -j ACCEPT\n"}},
	},
	{
		name:  "garbage after COMMIT fails, but the table is loaded",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\nCOMMIT\ngarbage\n"}},
		want:  "v4 filter a:\n",
	},
	{
		name:  "comments and empty lines are skipped",
		steps: []load1{{"v4", "no", "# hello\n\n*filter\n:a - [0:0]\nCOMMIT\n# bye\n"}},
		want:  "v4 filter a:\n",
	},
	{
		name:  "a jump to a missing chain loads nothing",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -j missing\nCOMMIT\n"}},
	},
	{
		name:  "a goto to a missing chain loads nothing",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -g missing\nCOMMIT\n"}},
	},
	{
		name:  "a jump to a chain that the same text deleted loads nothing",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n:b - [0:0]\n-X b\n-A a -j b\nCOMMIT\n"}},
	},
	{
		name:  "a chain declared after its first rule is too late",
		steps: []load1{{"v4", "yes", "*filter\n-A a -j ACCEPT\n:a - [0:0]\nCOMMIT\n"}},
	},
	{
		name:  "so is a chain declared after a rule that jumps to it",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -j b\n:b - [0:0]\nCOMMIT\n"}},
	},
	{
		name:  "a loop that a packet could enter loads nothing",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n:b - [0:0]\n-A a -j b\n-A b -j a\n-A INPUT -j a\nCOMMIT\n"}},
	},
	{
		name:  "a rule that asks a missing set loads nothing",
		steps: []load1{{"v4", "not exist", "*filter\n:a - [0:0]\n-A a -m set --match-set missing src -j ACCEPT\nCOMMIT\n"}},
	},
	{
		name: "a set of the other family is refused",
		steps: []load1{
			{"sets", "no", "create web_v4 hash:net family inet\n"},
			{"v6", "yes", "*filter\n:a - [0:0]\n-A a -m set --match-set web_v4 src -j ACCEPT\nCOMMIT\n"},
		},
		want: "set web_v4 hash:net v4:\n",
	},
	{
		name: "a list of sets and a set of ports serve both families",
		steps: []load1{
			{"sets", "no", "create mfw_trial list:set timeout 60\ncreate web_tcp bitmap:port range 0-65535\nadd web_tcp 80\n"},
			{"v4", "no", "*filter\n:a1 - [0:0]\n:a - [0:0]\n-A a -m set --match-set mfw_trial src -g a1\nCOMMIT\n"},
			{"v6", "no", "*filter\n:a1 - [0:0]\n:a - [0:0]\n-A a -p tcp -m set --match-set web_tcp dst -g a1\nCOMMIT\n"},
		},
		want: "set mfw_trial list:set timeout:\nset web_tcp bitmap:port 0-65535: 80\n" +
			"v4 filter a: -m set --match-set mfw_trial src -g a1\nv4 filter a1:\n" +
			"v6 filter a: -p tcp -m set --match-set web_tcp dst -g a1\nv6 filter a1:\n",
	},
	{
		name:  "reject outside the filter table loads nothing",
		steps: []load1{{"v4", "yes", "*nat\n:a - [0:0]\n-A a -j REJECT\n-A PREROUTING -j a\nCOMMIT\n"}},
	},
	{
		name:  "a tcp reset without tcp loads nothing",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -j REJECT --reject-with tcp-reset\nCOMMIT\n"}},
	},
	{
		name:  "an output interface in INPUT is refused",
		steps: []load1{{"v4", "yes", "*filter\n-A INPUT -o eth0 -j ACCEPT\nCOMMIT\n"}},
	},
	{
		name:  "an input interface in POSTROUTING is refused",
		steps: []load1{{"v4", "yes", "*nat\n-A POSTROUTING -i eth0 -j MASQUERADE\nCOMMIT\n"}},
	},
	{
		name:  "a jump to a built-in chain is refused",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -j INPUT\nCOMMIT\n"}},
	},
	{
		name:  "a chain name of 28 bytes is the longest",
		steps: []load1{{"v4", "no", "*filter\n:abcdefghijabcdefghijabcdefgh - [0:0]\nCOMMIT\n"}},
		want:  "v4 filter abcdefghijabcdefghijabcdefgh:\n",
	},
	{
		name:  "a chain name of 29 bytes is refused",
		steps: []load1{{"v4", "yes", "*filter\n:abcdefghijabcdefghijabcdefghi - [0:0]\nCOMMIT\n"}},
	},
	{
		name:  "a chain cannot have the name of a verdict",
		steps: []load1{{"v4", "yes", "*filter\n:ACCEPT - [0:0]\nCOMMIT\n"}},
	},
	{
		name: "making a chain that is there fails",
		steps: []load1{
			{"v4", "no", "*filter\n-N a\nCOMMIT\n"},
			{"v4", "yes", "*filter\n-N a\nCOMMIT\n"},
		},
		want: "v4 filter a:\n",
	},
	{
		name: "a chain that is jumped to stays",
		steps: []load1{
			{"v4", "no", "*filter\n:a - [0:0]\n-A INPUT -j a\nCOMMIT\n"},
			{"v4", "in use", "*filter\n-X a\nCOMMIT\n"},
		},
		want: "v4 filter INPUT: -j a\nv4 filter a:\n",
	},
	{
		name: "a chain that holds rules stays",
		steps: []load1{
			{"v4", "no", "*filter\n:a - [0:0]\n-A a -j ACCEPT\nCOMMIT\n"},
			{"v4", "in use", "*filter\n-X a\nCOMMIT\n"},
		},
		want: "v4 filter a: -j ACCEPT\n",
	},
	{
		name: "hook, rules and chain go in one text, in this order",
		steps: []load1{
			{"v4", "no", "*filter\n:a - [0:0]\n-A a -j ACCEPT\n-I INPUT -j a\nCOMMIT\n"},
			{"v4", "no", "*filter\n-D INPUT -j a\n-F a\n-X a\nCOMMIT\n"},
		},
	},
	{
		name:  "flushing a missing chain fails",
		steps: []load1{{"v4", "yes", "*filter\n-F missing\nCOMMIT\n"}},
	},
	{
		name:  "deleting a rule that is not there fails, with all of its table",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-D INPUT -j a\nCOMMIT\n"}},
	},
	{
		name:  "of equal rules the first one is deleted",
		steps: []load1{{"v4", "no", "*filter\n:a - [0:0]\n-A a -i lo -j ACCEPT\n-A a -j DROP\n-A a -i lo -j ACCEPT\n-D a -i lo -j ACCEPT\nCOMMIT\n"}},
		want:  "v4 filter a: -j DROP\nv4 filter a: -i lo -j ACCEPT\n",
	},
	{
		name:  "a rule with a comment is not the rule without",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-A a -m comment --comment mfw:x -j ACCEPT\n-D a -j ACCEPT\nCOMMIT\n"}},
	},
	{
		name:  "rules are inserted on top or at a number",
		steps: []load1{{"v4", "no", "*filter\n:a - [0:0]\n-A a -i a -j DROP\n-I a -i b -j DROP\n-I a 2 -i c -j DROP\nCOMMIT\n"}},
		want:  "v4 filter a: -i b -j DROP\nv4 filter a: -i c -j DROP\nv4 filter a: -i a -j DROP\n",
	},
	{
		name:  "a number beyond the end is refused",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-I a 2 -j DROP\nCOMMIT\n"}},
	},
	{
		name:  "rules are deleted by number",
		steps: []load1{{"v4", "no", "*filter\n:a - [0:0]\n-A a -i a -j DROP\n-A a -i b -j DROP\n-D a 1\nCOMMIT\n"}},
		want:  "v4 filter a: -i b -j DROP\n",
	},
	{
		name:  "counters are loaded, and are zero where none are given",
		steps: []load1{{"v4", "no", "*filter\n:a - [0:0]\n[12:3456] -A a -i lo -j ACCEPT\n-A a -j DROP\nCOMMIT\n"}},
		want:  "v4 filter a: [12:3456] -i lo -j ACCEPT\nv4 filter a: -j DROP\n",
	},
	{
		name:  "a policy is set, by a declaration or a command",
		steps: []load1{{"v4", "no", "*filter\n:FORWARD DROP [0:0]\n-P INPUT DROP\nCOMMIT\n"}},
		want:  "v4 filter INPUT policy DROP\nv4 filter FORWARD policy DROP\n",
	},
	{
		name:  "a policy for a user chain is refused",
		steps: []load1{{"v4", "yes", "*filter\n:a - [0:0]\n-P a DROP\nCOMMIT\n"}},
	},
	{
		name:  "an unknown table is refused",
		steps: []load1{{"v4", "yes", "*bogus\nCOMMIT\n"}},
	},
	{
		name:  "addresses are translated for IPv6 too",
		steps: []load1{{"v6", "no", "*nat\n:MFWPREROUTING - [0:0]\n-A MFWPREROUTING -i eth0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination [2001:db8::7]:443\n-I PREROUTING -j MFWPREROUTING\nCOMMIT\n"}},
		want:  "v6 nat PREROUTING: -j MFWPREROUTING\nv6 nat MFWPREROUTING: -i eth0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination [2001:db8::7]:443\n",
	},
	{
		name:  "sets are made and filled",
		steps: []load1{{"sets", "no", "create a hash:net family inet\nadd a 10.1.2.3/8\nadd a 192.0.2.1\ncreate b hash:net family inet6\nadd b 2001:db8::/32\ncreate p bitmap:port range 0-65535\nadd p 80-82\n"}},
		want:  "set a hash:net v4: 10.0.0.0/8 192.0.2.1/32\nset b hash:net v6: 2001:db8::/32\nset p bitmap:port 0-65535: 80-82\n",
	},
	{
		name:  "the commands before a wrong one stay done",
		steps: []load1{{"sets", "yes", "create a hash:net family inet\nadd a 10.0.0.0/8\ncreate a hash:net family inet\ncreate b hash:net family inet\n"}},
		want:  "set a hash:net v4: 10.0.0.0/8\n",
	},
	{
		name:  "elements before one that cannot be read are lost",
		steps: []load1{{"sets", "yes", "create a hash:net family inet\nadd a 10.0.0.0/8\nadd a bogus\n"}},
		want:  "set a hash:net v4:\n",
	},
	{
		name:  "elements of another set are not",
		steps: []load1{{"sets", "yes", "create a hash:net family inet\ncreate b hash:net family inet\nadd a 10.0.0.0/8\nadd b 11.0.0.0/8\nadd b bogus\n"}},
		want:  "set a hash:net v4: 10.0.0.0/8\nset b hash:net v4:\n",
	},
	{
		name:  "elements before one that the kernel refuses stay",
		steps: []load1{{"sets", "yes", "create a hash:net family inet\nadd a 10.0.0.0/8\nadd a 10.0.0.0/8\nadd a 11.0.0.0/8\n"}},
		want:  "set a hash:net v4: 10.0.0.0/8\n",
	},
	{
		name:  "quit loses the elements before it",
		steps: []load1{{"sets", "no", "create a hash:net family inet\nadd a 10.0.0.0/8\nquit\n"}},
		want:  "set a hash:net v4:\n",
	},
	{
		name: "of neighbouring elements the first one says -exist for all",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\nadd -exist a 10.0.0.0/8\nadd a 10.0.0.0/8\n"},
			{"sets", "yes", "add a 11.0.0.0/8\nadd -exist a 10.0.0.0/8\n"},
		},
		want: "set a hash:net v4: 10.0.0.0/8 11.0.0.0/8\n",
	},
	{
		name:  "quit ends the text with success",
		steps: []load1{{"sets", "no", "create a hash:net family inet\nquit\ncreate b hash:net family inet\n"}},
		want:  "set a hash:net v4:\n",
	},
	{
		name:  "a set that is there can only be made again with -exist",
		steps: []load1{{"sets", "no", "create a hash:net family inet\ncreate -exist a hash:net family inet\n"}, {"sets", "yes", "create a hash:net family inet\n"}},
		want:  "set a hash:net v4:\n",
	},
	{
		name: "-exist does not excuse another type, size or timeout",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\n"},
			{"sets", "yes", "create -exist a hash:ip family inet\n"},
			{"sets", "yes", "create -exist a hash:net family inet maxelem 100\n"},
			{"sets", "yes", "create -exist a hash:net family inet timeout 10\n"},
		},
		want: "set a hash:net v4:\n",
	},
	{
		name: "an element can only be added again with -exist",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\nadd a 10.0.0.0/8\n"},
			{"sets", "no", "add -exist a 10.0.0.0/8\n"},
			{"sets", "yes", "add a 10.0.0.0/8\n"},
		},
		want: "set a hash:net v4: 10.0.0.0/8\n",
	},
	{
		name: "an element can only be deleted again with -exist",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\nadd a 10.0.0.0/8\ndel a 10.0.0.0/8\n"},
			{"sets", "no", "del -exist a 10.0.0.0/8\n"},
			{"sets", "yes", "del a 10.0.0.0/8\n"},
		},
		want: "set a hash:net v4:\n",
	},
	{
		name: "elements that are refused",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\ncreate p bitmap:port range 1-100\n"},
			{"sets", "yes", "add a 0.0.0.0/0\n"},
			{"sets", "yes", "add a 300.1.1.1\n"},
			{"sets", "yes", "add a 2001:db8::1\n"},
			{"sets", "yes", "add a 10.0.0.0/8 timeout 5\n"},
			{"sets", "yes", "add p 101\n"},
			{"sets", "yes", "add p 70000\n"},
		},
		want: "set a hash:net v4:\nset p bitmap:port 1-100:\n",
	},
	{
		name: "a full set refuses more",
		steps: []load1{
			{"sets", "yes", "create a hash:net family inet maxelem 2\nadd a 1.1.1.1\nadd a 1.1.1.2\nadd a 1.1.1.3\n"},
		},
		want: "set a hash:net v4: 1.1.1.1/32 1.1.1.2/32\n",
	},
	{
		name: "commands for a missing set fail",
		steps: []load1{
			{"sets", "not exist", "add a 10.0.0.0/8\n"},
			{"sets", "not exist", "del a 10.0.0.0/8\n"},
			{"sets", "not exist", "flush a\n"},
			{"sets", "not exist", "destroy a\n"},
			{"sets", "not exist", "rename a b\n"},
			{"sets", "no", "create b hash:net family inet\n"},
			{"sets", "not exist", "swap b a\n"},
		},
		want: "set b hash:net v4:\n",
	},
	{
		name: "a set that a rule asks can be swapped and flushed, not destroyed or renamed",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\nadd a 10.0.0.0/8\ncreate b hash:net family inet\nadd b 11.0.0.0/8\n"},
			{"v4", "no", "*filter\n:c - [0:0]\n-A c -m set --match-set a src -j ACCEPT\nCOMMIT\n"},
			{"sets", "in use", "destroy a\n"},
			{"sets", "in use", "rename a z\n"},
			{"sets", "no", "swap a b\nflush b\n"},
		},
		want: "set a hash:net v4: 11.0.0.0/8\nset b hash:net v4:\nv4 filter c: -m set --match-set a src -j ACCEPT\n",
	},
	{
		name: "a set is free when its rule is gone",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\n"},
			{"v4", "no", "*filter\n:c - [0:0]\n-A c -m set --match-set a src -j ACCEPT\nCOMMIT\n"},
			{"v4", "no", "*filter\n-F c\n-X c\nCOMMIT\n"},
			{"sets", "no", "destroy a\n"},
		},
	},
	{
		name: "sets of different type or family are not swapped",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\ncreate b hash:net family inet6\ncreate c hash:ip family inet\n"},
			{"sets", "yes", "swap a b\n"},
			{"sets", "yes", "swap a c\n"},
		},
		want: "set a hash:net v4:\nset b hash:net v6:\nset c hash:ip v4:\n",
	},
	{
		name: "lists are swapped whatever their timeouts, which is how the gate opens",
		steps: []load1{
			{"sets", "no", "create m hash:net family inet\ncreate l list:set timeout 60\ncreate n list:set timeout 90\nadd n m timeout 30\n"},
			{"sets", "no", "swap l n\n"},
		},
		want: "set l list:set timeout: m timeout\nset m hash:net v4:\nset n list:set timeout:\n",
	},
	{
		name: "timeout 0 makes an element permanent",
		steps: []load1{
			{"sets", "no", "create m hash:net family inet\ncreate l list:set timeout 60\nadd l m timeout 30\n"},
			{"sets", "no", "add -exist l m timeout 0\n"},
		},
		want: "set l list:set timeout: m\nset m hash:net v4:\n",
	},
	{
		name: "a listed set cannot be destroyed before it is taken off the list",
		steps: []load1{
			{"sets", "no", "create m hash:net family inet\ncreate l list:set timeout 60\nadd l m\n"},
			{"sets", "in use", "destroy m\n"},
			{"sets", "no", "flush l\ndestroy m\n"},
		},
		want: "set l list:set timeout:\n",
	},
	{
		name: "a list holds sets that exist, and no lists",
		steps: []load1{
			{"sets", "not exist", "create l list:set\nadd l missing\n"},
			{"sets", "yes", "create k list:set\nadd k l\n"},
		},
		want: "set k list:set:\nset l list:set:\n",
	},
	{
		name: "a name of 31 bytes is the longest for a set",
		steps: []load1{
			{"sets", "no", "create abcdefghijabcdefghijabcdefghija hash:net family inet\n"},
			{"sets", "yes", "create abcdefghijabcdefghijabcdefghijab hash:net family inet\n"},
		},
		want: "set abcdefghijabcdefghijabcdefghija hash:net v4:\n",
	},
	{
		name: "a timeout above 2147483 seconds is refused",
		steps: []load1{
			{"sets", "no", "create a list:set timeout 2147483\n"},
			{"sets", "yes", "create b list:set timeout 2147484\n"},
		},
		want: "set a list:set timeout:\n",
	},
	{
		name:  "an unknown type is refused",
		steps: []load1{{"sets", "yes", "create a hash:bogus\n"}},
	},
	{
		name: "renaming to a name in use fails",
		steps: []load1{
			{"sets", "no", "create a hash:net family inet\nrename a b\ncreate c hash:net family inet\n"},
			{"sets", "yes", "rename c b\n"},
		},
		want: "set b hash:net v4:\nset c hash:net v4:\n",
	},
}
