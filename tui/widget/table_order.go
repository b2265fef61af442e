package widget

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// ranked is a row with its sort key.
type ranked struct {
	key [2]uint64 // the lower half first
	row int32
}

// Room is the memory that sorting and settling need, kept from one time to the
// next: a list of 100,000 rows would leave several megabytes of garbage each
// second.
type Room struct {
	keys, other      []ranked
	was, place, kept []int32
}

// Sorting is the column that sorts, -1 for none, and whether its highest value
// comes first.
func (t *Table[K]) Sorting() (by int, down bool) {
	if t.SortBy < 0 {
		return -1, false
	}
	return t.SortBy, t.Columns[t.SortBy].Down != t.Flip
}

// Sort puts rows of a source, given in ascending order, in the order of a
// column. Rows that are equal stay in the order of the source. It does not touch
// a table, so that a long list can be sorted beside the console; see Sorted of
// Source.
func Sort[K comparable](src Source[K], rows []int32, by int, down bool, room *Room) {
	s := sorter[K]{src: src, by: by, down: down}
	switch {
	case by < 0:
	case src.Rank != nil:
		s.byRank(rows, room)
	case src.Compare != nil:
		s.byComparing(rows)
	}
}

// sorter sorts rows by a column.
type sorter[K comparable] struct {
	src  Source[K]
	by   int
	down bool
}

// byComparing sorts rows by comparing them. The index breaks ties: that is
// stable, and several times as fast as a stable sort.
func (s *sorter[K]) byComparing(rows []int32) {
	sign := 1
	if s.down {
		sign = -1
	}
	slices.SortFunc(rows, func(i, j int32) int {
		return cmp.Or(sign*s.src.Compare(int(i), int(j), s.by), cmp.Compare(i, j))
	})
}

// digitBits is the size of a digit: three passes for a rate of 32 bits.
const digitBits = 11

// byRank sorts by the ranks of the rows. For 100,000 rates that is ten times
// as fast as comparing. What has the same rank is compared.
func (s *sorter[K]) byRank(rows []int32, room *Room) {
	room.keys = slices.Grow(room.keys[:0], len(rows))
	var flip uint64
	if s.down {
		flip = ^flip
	}
	var set, all [2]uint64 // bits that are set in some key, and in all
	all[0], all[1] = ^uint64(0), ^uint64(0)
	for _, i := range rows {
		hi, lo := s.src.Rank(int(i), s.by)
		k := ranked{[2]uint64{lo ^ flip, hi ^ flip}, i}
		set[0], set[1] = set[0]|k.key[0], set[1]|k.key[1]
		all[0], all[1] = all[0]&k.key[0], all[1]&k.key[1]
		room.keys = append(room.keys, k)
	}
	room.other = slices.Grow(room.other[:0], len(room.keys))[:len(room.keys)]
	var keys []ranked
	if set[1]&^all[1]>>63 != 0 {
		// Two kinds of rows, such as addresses of both families: each has
		// digits that differ only from those of the other kind.
		zeros := split(room.keys, room.other)
		keys = room.other
		for _, part := range [][2]int{{0, zeros}, {zeros, len(keys)}} {
			from, to := part[0], part[1]
			copy(keys[from:to], sortDigits(keys[from:to], room.keys[from:to], differing(keys[from:to])))
		}
	} else {
		keys = sortDigits(room.keys, room.other, [2]uint64{set[0] &^ all[0], set[1] &^ all[1]})
	}
	for p := range keys {
		rows[p] = keys[p].row
	}
	if s.src.Compare != nil {
		s.compareEqual(rows, keys)
	}
}

// split puts the keys without the highest bit before those with it, and says
// how many have it not.
func split(from, to []ranked) (zeros int) {
	for i := range from {
		zeros += int(^from[i].key[1] >> 63)
	}
	next := [2]int{0, zeros}
	for i := range from {
		bit := from[i].key[1] >> 63
		to[next[bit]] = from[i]
		next[bit]++
	}
	return zeros
}

// differing are the bits that are not the same in all keys.
func differing(keys []ranked) (bits [2]uint64) {
	for i := range keys {
		bits[0] |= keys[i].key[0] ^ keys[0].key[0]
		bits[1] |= keys[i].key[1] ^ keys[0].key[1]
	}
	return bits
}

// sortDigits sorts digit by digit from the lowest on, without those that are
// the same in all keys. The result is in one of the two slices.
func sortDigits(from, to []ranked, differ [2]uint64) []ranked {
	for half := range differ {
		for shift := 0; shift < 64; shift += digitBits {
			if differ[half]>>shift&(1<<digitBits-1) != 0 {
				scatter(from, to, half, shift)
				from, to = to, from
			}
		}
	}
	return from
}

// scatter sorts by one digit and keeps the order of what has the same one.
func scatter(from, to []ranked, half, shift int) {
	var next [1 << digitBits]uint32
	half &= 1 // so that the compiler sees it
	for i := range from {
		next[from[i].key[half]>>shift&(1<<digitBits-1)]++
	}
	var at uint32
	for v, n := range next {
		next[v], at = at, at+n
	}
	for i := range from {
		v := from[i].key[half] >> shift & (1<<digitBits - 1)
		to[next[v]] = from[i]
		next[v]++
	}
}

// compareEqual puts the runs of equal ranks in order.
func (s *sorter[K]) compareEqual(rows []int32, keys []ranked) {
	for start := 0; start < len(keys); {
		end := start + 1
		for end < len(keys) && keys[end].key == keys[start].key {
			end++
		}
		if end-start > 1 {
			s.byComparing(rows[start:end])
		}
		start = end
	}
}

// Settle puts rows of a source, given in ascending order, in the order in which
// an old source is shown; rows that it does not show come last. As Sort it does
// not touch a table.
func Settle[K comparable](old Source[K], shown []int32, src Source[K], rows []int32, s *Room) {
	was := earlier(&old, &src, s)
	s.place = slices.Grow(s.place[:0], old.Len)[:old.Len] // of the old rows, from 1
	clear(s.place)
	for p, i := range shown {
		s.place[i] = int32(p) + 1
	}
	s.kept = slices.Grow(s.kept[:0], len(shown))[:len(shown)] // new rows in the old places, from 1
	clear(s.kept)
	added := rows[:0] // overwrites only what was looked at
	for _, i := range rows {
		if j := was[i]; j >= 0 && s.place[j] > 0 && s.kept[s.place[j]-1] == 0 {
			s.kept[s.place[j]-1] = i + 1
		} else {
			added = append(added, i)
		}
	}
	copy(rows[len(rows)-len(added):], added)
	rows = rows[:0]
	for _, i := range s.kept {
		if i > 0 {
			rows = append(rows, i-1)
		}
	}
}

// ahead is how far a row is looked for among the rows of before at the place
// where it is expected.
const ahead = 8

// earlier finds for each row of a new source the row of an old one with the same
// key, -1 for none. Sources list their rows mostly in the same order from
// one time to the next (the kernel dumps its flows by bucket), so that most
// rows are found by looking, and only the others need a map.
func earlier[K comparable](old, src *Source[K], s *Room) []int32 {
	s.was = slices.Grow(s.was[:0], src.Len)
	var missed []int32 // new rows that were not where they were expected
	next := 0
	var left []int32 // old rows that were passed over
	for i := range src.Len {
		key, found := src.Key(i), -1
		for j := next; j < min(next+ahead, old.Len); j++ {
			if old.Key(j) == key {
				found = j
				break
			}
		}
		s.was = append(s.was, int32(found))
		if found < 0 {
			missed = append(missed, int32(i))
			continue
		}
		for ; next < found; next++ {
			left = append(left, int32(next))
		}
		next++
	}
	for ; next < old.Len; next++ {
		left = append(left, int32(next))
	}
	if len(missed) == 0 || len(left) == 0 {
		return s.was
	}
	at := make(map[K]int32, len(left))
	for _, j := range left {
		at[old.Key(int(j))] = j
	}
	for _, i := range missed {
		if j, ok := at[src.Key(int(i))]; ok {
			s.was[i] = j
		}
	}
	return s.was
}

// RankAddr is the rank of an address: IPv4 before IPv6, and each by its value.
// Two IPv6 addresses that differ in the last bit only have the same rank.
func RankAddr(a netip.Addr) (hi, lo uint64) {
	if a.Is4() {
		b := a.As4()
		return 0, uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	hi, lo = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	return 1<<63 | hi>>1, hi<<63 | lo>>1
}
