package tables

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestOneFamilyFindsRowsThatTheOtherFamilyLacks(t *testing.T) {
	files := fstest.MapFS{
		"addresses": {Data: []byte("both 192.0.2.1 2001:db8::1\nfour 192.0.2.4 -\nsix - 2001:db8::6\n")},
		"services":  {Data: []byte("ssh 22 -\n")}, "interfaces": {Data: []byte("eth0 ext -\neth1 int -\n")},
		"rules": {Data: []byte("ext FW both ALL ssh accept\next FW four ALL ssh accept\next FW ALL six ssh accept\n" +
			"ext FW four six ssh accept\next FW ALL ALL ALL reject\next FW GEO:DE ALL ssh accept\n")},
		"virtuals": {Data: []byte("ext both DOCKER ssh ssh\next four DOCKER ssh ssh\n")},
	}
	set, _ := Load(files)
	cfg, _ := set.Check(Facts{Interfaces: []string{"eth0", "eth1"}})
	if cfg == nil {
		t.Fatal("the tables have no typed view")
	}
	type at struct {
		Kind Kind
		Num  int
	}
	want := []at{{Rules, 2}, {Rules, 3}, {Virtuals, 2}}
	var got []at
	for _, r := range cfg.OneFamily() {
		got = append(got, at{r.Kind, r.Num})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
