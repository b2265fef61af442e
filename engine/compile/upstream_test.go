package compile

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/tables"
)

// Semantics 2.5: only the sets that some rule or virtual names, virtuals
// included although their rules ask none.
func TestMicroFWSetsAreThoseThatRowsName(t *testing.T) {
	set, _ := tables.Load(fstest.MapFS{
		"addresses": &fstest.MapFile{Data: []byte(`fw      203.0.113.1            2001:db8::1
nas     192.0.2.8              -
pool    192.0.2.0-192.0.2.2    -
admin   198.51.100.7/24        -
host    example.org            -
spare   192.0.2.9              -
`)},
		"services":   &fstest.MapFile{Data: []byte("dns 53 53\nweb 80-81 -\nssh 22 -\nspare 9 -\n")},
		"interfaces": &fstest.MapFile{Data: []byte("eth0 ext -\ndocker0 DOCKER -\n")},
		"rules":      &fstest.MapFile{Data: []byte("ext FW admin ALL ssh accept\next FW host ALL ALL drop\next FW pool ALL ALL drop\n")},
		"virtuals":   &fstest.MapFile{Data: []byte("ext fw nas web web\next fw DOCKER dns dns\n")},
	})
	cfg, problems := set.Check(tables.Facts{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	got, err := MicroFWSets(cfg).RestoreText()
	if err != nil {
		t.Fatal(err)
	}
	const want = `create admin_v4 hash:net family inet
add admin_v4 198.51.100.0/24
create dns_tcp bitmap:port range 0-65535
add dns_tcp 53
create dns_udp bitmap:port range 0-65535
add dns_udp 53
create fw_v4 hash:net family inet
add fw_v4 203.0.113.1
create fw_v6 hash:net family inet6
add fw_v6 2001:db8::1
create nas_v4 hash:net family inet
add nas_v4 192.0.2.8
create pool_v4 hash:net family inet
add pool_v4 192.0.2.0/31
add pool_v4 192.0.2.2
create ssh_tcp bitmap:port range 0-65535
add ssh_tcp 22
create web_tcp bitmap:port range 0-65535
add web_tcp 80-81
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
