package widget

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// names lists the rows of a table from first to last.
func names(t *Table[string]) []string {
	var list []string
	for _, i := range t.order {
		list = append(list, t.src.Key(int(i)))
	}
	return list
}

func TestTableRankOrdersAsCompareDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]thing, 500)
	for i := range list {
		list[i] = thing{fmt.Sprint(i), r.IntN(1 << r.IntN(40))}
	}
	for _, flip := range []bool{false, true} {
		want, got := newThings(), newThings()
		for _, table := range []*Table[string]{want, got} {
			table.SortBy, table.Flip = 1, flip
		}
		want.Set(things(list))
		ranks := things(list)
		// The upper half of a size is too coarse alone: the rest is compared.
		ranks.Rank = func(i, col int) (hi, lo uint64) {
			return uint64(list[i].size) >> 32, uint64(list[i].size) & 0xffff_ff00
		}
		got.Set(ranks)
		if !slices.Equal(names(want), names(got)) {
			t.Errorf("flip %t: by rank\n%v, by comparing\n%v", flip, names(got), names(want))
		}
	}
}

func TestTableRefreshFollowsRowsThatComeGoAndMove(t *testing.T) {
	table := func(from string) *Table[string] {
		table := newThings()
		var list []thing
		for _, c := range from {
			list = append(list, thing{name: string(c)})
		}
		table.Set(things(list))
		return table
	}
	tests := []struct{ name, was, now, want string }{
		{"the same", "abcd", "abcd", "abcd"},
		{"another order of the source", "abcd", "dbca", "abcd"},
		{"a row less", "abcd", "acd", "acd"},
		{"a row more in the middle", "abcd", "abxcd", "abcdx"},
		{"the last took the place of one that went", "abcdefghijklmno", "aocdefghijklmn", "acdefghijklmno"},
		{"many went at once", "abcdefghijklmno", "amno", "amno"},
		{"all others", "abc", "xyz", "xyz"},
		{"from nothing", "", "ab", "ab"},
		{"to nothing", "ab", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := table(tt.was)
			var list []thing
			for _, c := range tt.now {
				list = append(list, thing{name: string(c)})
			}
			table.Refresh(things(list))
			got := ""
			for _, n := range names(table) {
				got += n
			}
			if got != tt.want {
				t.Errorf("%s, then %s: shows %s, want %s", tt.was, tt.now, got, tt.want)
			}
		})
	}
}

func TestTableTakesTheAnswerOfAFilter(t *testing.T) {
	table := newThings()
	src := things([]thing{{"a", 1}, {"b", 2}, {"c", 3}})
	src.Kept = []int32{0, 2}
	table.Set(src)
	if got := names(table); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("shows %v, want a and c", got)
	}
}

// BenchmarkRank sorts what the console sorts: rates, and addresses of both
// families.
func BenchmarkRank(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1000, 10_000, 100_000} {
		rates, addrs := make([]uint64, n), make([]netip.Addr, n)
		for i := range n {
			rates[i] = uint64(r.Uint32())
			addr := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8}
			binary.BigEndian.PutUint64(addr[8:], r.Uint64())
			if addrs[i] = netip.AddrFrom16(addr); i%4 > 0 {
				addrs[i] = netip.AddrFrom4([4]byte(addr[8:12]))
			}
		}
		src := Source[int]{Len: n, Key: func(i int) int { return i },
			Compare: func(i, j, col int) int {
				if col == 0 {
					return cmp.Compare(rates[i], rates[j])
				}
				return addrs[i].Compare(addrs[j])
			},
			Rank: func(i, col int) (hi, lo uint64) {
				if col == 0 {
					return 0, rates[i]
				}
				return RankAddr(addrs[i])
			}}
		for col, name := range []string{"rates", "addresses"} {
			table := NewTable[int](Column{}, Column{})
			table.SortBy = col
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					table.Set(src)
				}
			})
		}
	}
}
