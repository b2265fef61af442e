package tables

import (
	"slices"
	"testing"
)

func TestHostServicesMergesTheLinesOfAName(t *testing.T) {
	const list = `# comment
ssh		22/tcp				# SSH Remote Login Protocol
domain		53/tcp
domain		53/udp
http		80/tcp		www		# WorldWideWeb HTTP
syslog		514/udp
shell		514/tcp		cmd syslog
sctp-only	99/sctp
broken		x/tcp
lonely
munin		4949/tcp	lrrd
domain		5353/udp
`
	var got []string
	for _, s := range HostServices(list) {
		row := s.Row()
		got = append(got, row[0]+" "+row[1]+" "+row[2])
	}
	want := []string{"ssh 22 -", "domain 53 53", "http 80 -", "syslog - 514", "shell 514 -", "munin 4949 -"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if a := HostServices(list)[4].Aliases; !slices.Equal(a, []string{"cmd", "syslog"}) {
		t.Errorf("aliases %q", a)
	}
}
