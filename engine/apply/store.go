package apply

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The names in Paths.State. A generation is a directory that never changes
// after it got its name; result.json beside the others is the one exception.
const (
	genDir       = "gen"
	currentLink  = "current"
	previousLink = "previous"
	sumsFile     = "sha256sums" // sha256sum -c reads it
	metaFile     = "meta.json"
	resultFile   = "result.json"
	newPrefix    = ".new-" // of a generation that is being written
	tablesDir    = "tables"
)

// metaFormat is the version of meta.json. A higher one is refused.
const metaFormat = 1

// keepGenerations is how many generations stay on disk.
const keepGenerations = 20

// maxStored bounds each file that is read back: 300,000 set members are 9 MB.
const maxStored = 256 << 20

// meta is meta.json.
type meta struct {
	Format    int
	ID        string
	When      time.Time
	Who       string
	Previous  string
	AdminPort uint16 // of this host, where the administrator was connected
	Hooks     []ruleset.Hook
	Own       plan.Ownership
	Adopt     []string // see Request
	// Changes is what the apply changed, for people; absent in generations
	// of earlier versions.
	Changes *Changes `json:",omitempty"`
}

// result is result.json: how the transaction ended.
type result struct {
	State  State
	Reason string
	Took   time.Duration
	Ended  time.Time
	// By is who confirmed or rejected it and from where; absent when nobody
	// did, and in results of earlier versions.
	By string `json:",omitempty"`
}

// store is Paths.State.
type store struct{ dir string }

func (s store) path(id string) string { return filepath.Join(s.dir, genDir, id) }

// write puts a generation on disk, whole and durable or not at all, and makes
// the symbolic links that its confirmation will only have to rename: a disk
// that is full by then cannot stop it.
func (s store) write(m meta, want plan.Target, tables map[string][]byte) error {
	if err := os.MkdirAll(filepath.Join(s.dir, genDir), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Join(s.dir, genDir), newPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	files, err := s.files(m, want, tables)
	if err != nil {
		return err
	}
	if err := writeAll(tmp, files); err != nil {
		return err
	}
	if err := os.Rename(tmp, s.path(m.ID)); err != nil {
		return err
	}
	if err := s.prepareLinks(m); err != nil {
		s.remove(m.ID)
		return err
	}
	return syncDir(filepath.Join(s.dir, genDir))
}

// files are the contents of a generation by name.
func (s store) files(m meta, want plan.Target, tables map[string][]byte) (map[string][]byte, error) {
	m.Format, m.Hooks = metaFormat, want.Hooks
	about, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	files, err := renderTarget(want)
	if err != nil {
		return nil, err
	}
	files[metaFile] = append(about, '\n')
	for name, data := range tables {
		if name == "" || strings.ContainsAny(name, "/\n\x00") || name == "." || name == ".." {
			return nil, fmt.Errorf("%q is not the name of a table file", name)
		}
		files[filepath.Join(tablesDir, name)] = data
	}
	files[sumsFile] = sums(files)
	return files, nil
}

// sums is the list that sha256sum -c reads, sorted by name.
func sums(files map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range sortedNames(files) {
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return out.Bytes()
}

func sortedNames(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// writeAll writes the files and makes them durable. The file system commits
// them together, since all wait at the same time.
func writeAll(dir string, files map[string][]byte) error {
	if err := os.Mkdir(filepath.Join(dir, tablesDir), 0o700); err != nil {
		return err
	}
	var g errgroup.Group
	for name, data := range files {
		g.Go(func() error { return writeNew(filepath.Join(dir, name), data) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := syncDir(filepath.Join(dir, tablesDir)); err != nil {
		return err
	}
	return syncDir(dir)
}

func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// pending is the name of the link that becomes current or previous when the
// generation is confirmed.
func (s store) pending(link, id string) string {
	return filepath.Join(s.dir, "."+link+"-"+id)
}

func (s store) prepareLinks(m meta) error {
	if err := os.Symlink(filepath.Join(genDir, m.ID), s.pending(currentLink, m.ID)); err != nil {
		return err
	}
	if m.Previous == "" {
		return syncDir(s.dir)
	}
	if err := os.Symlink(filepath.Join(genDir, m.Previous), s.pending(previousLink, m.ID)); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// promote makes a generation the current one, and what was current the
// previous one. It can be repeated after a crash in the middle: the rename of
// current is the moment that counts, previous follows it.
func (s store) promote(id string) error {
	if s.linked(currentLink) != id {
		err := os.Rename(s.pending(currentLink, id), filepath.Join(s.dir, currentLink))
		if errors.Is(err, fs.ErrNotExist) {
			err = renameio.Symlink(filepath.Join(genDir, id), filepath.Join(s.dir, currentLink))
		}
		if err != nil {
			return fmt.Errorf("make generation %s current: %w", id, err)
		}
	}
	err := os.Rename(s.pending(previousLink, id), filepath.Join(s.dir, previousLink))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the generation before %s previous: %w", id, err)
	}
	return syncDir(s.dir)
}

// linked is the generation that a link names, empty when there is none.
func (s store) linked(link string) string {
	target, err := os.Readlink(filepath.Join(s.dir, link))
	if err != nil {
		return ""
	}
	id := filepath.Base(target)
	if target != filepath.Join(genDir, id) || !validID(id) {
		return ""
	}
	return id
}

// discard forgets the links of a transaction that was not confirmed.
func (s store) discard(id string) {
	os.Remove(s.pending(currentLink, id))
	os.Remove(s.pending(previousLink, id))
}

// remove takes a generation off the disk that was never in force.
func (s store) remove(id string) {
	s.discard(id)
	os.RemoveAll(s.path(id))
}

// read verifies a generation and gives its files. The error is a
// *DamagedError when something is not as it was written.
func (s store) read(id string) (meta, map[string][]byte, error) {
	files, err := readSummed(s.path(id))
	if err != nil {
		return meta{}, nil, damaged(id, err)
	}
	m, err := parseMeta(id, files[metaFile])
	return m, files, err
}

func damaged(id string, err error) error {
	var d *DamagedError
	if errors.As(err, &d) {
		d.ID = id
		return d
	}
	return &DamagedError{ID: id, File: sumsFile, Cause: err}
}

// readSummed reads every file that sha256sums lists and compares it with its
// sum.
func readSummed(dir string) (map[string][]byte, error) {
	list, err := readFile(filepath.Join(dir, sumsFile), 1<<20)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for line := range strings.Lines(string(list)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || !filepath.IsLocal(name) {
			return nil, &DamagedError{File: sumsFile}
		}
		data, err := readFile(filepath.Join(dir, name), maxStored)
		if err != nil {
			return nil, &DamagedError{File: name, Cause: err}
		}
		if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
			return nil, &DamagedError{File: name}
		}
		files[name] = data
	}
	return files, nil
}

// about reads and verifies what a generation says of itself; its rules are
// verified when they are read.
func (s store) about(id string) (meta, error) {
	list, err := readFile(filepath.Join(s.path(id), sumsFile), 1<<20)
	if err != nil {
		return meta{}, damaged(id, err)
	}
	data, err := readFile(filepath.Join(s.path(id), metaFile), 1<<24)
	if err != nil {
		return meta{}, damaged(id, err)
	}
	line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), metaFile)
	if !strings.Contains("\n"+string(list), "\n"+line) {
		return meta{}, &DamagedError{ID: id, File: metaFile}
	}
	return parseMeta(id, data)
}

func parseMeta(id string, data []byte) (meta, error) {
	var m meta
	if err := json.Unmarshal(data, &m); err != nil {
		return meta{}, &DamagedError{ID: id, File: metaFile, Cause: err}
	}
	if m.Format > metaFormat {
		return meta{}, fmt.Errorf("generation %s was written by a newer mfwtui (format %d, known %d)", id, m.Format, metaFormat)
	}
	if m.ID != id {
		return meta{}, &DamagedError{ID: id, File: metaFile}
	}
	return m, nil
}

// target reads and verifies what a generation wants.
func (s store) target(id string) (meta, plan.Target, error) {
	m, files, err := s.read(id)
	if err != nil {
		return meta{}, plan.Target{}, err
	}
	want, err := parseTarget(files, m.Hooks)
	if err != nil {
		return meta{}, plan.Target{}, &DamagedError{ID: id, File: "rules", Cause: err}
	}
	return m, want, nil
}

func (s store) writeResult(id string, r result) error {
	if !validID(id) {
		return fmt.Errorf("%q is no generation", id)
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(s.path(id), resultFile), append(b, '\n'), 0o600, renameio.WithTempDir(s.path(id)))
}

// readResult gives false when the transaction has not ended, as far as the
// disk tells.
func (s store) readResult(id string) (result, bool) {
	b, err := readFile(filepath.Join(s.path(id), resultFile), 1<<20)
	if err != nil {
		return result{}, false
	}
	var r result
	return r, json.Unmarshal(b, &r) == nil
}

// ids lists the generations, newest first.
func (s store) ids() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, genDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && validID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// prune removes all but the newest generations; the current and the previous
// one stay whatever their age. It also removes what a write that was cut short
// left, and the links of transactions that died before anything was in force.
// The lock must be held: whoever writes holds it through its guardian.
func (s store) prune() {
	for _, left := range []string{filepath.Join(s.dir, genDir, newPrefix), s.pending(currentLink, ""), s.pending(previousLink, "")} {
		paths, _ := filepath.Glob(left + "*") // fails for a wrong pattern only
		for _, path := range paths {
			os.RemoveAll(path)
		}
	}
	s.cutPast()
	ids, err := s.ids()
	if err != nil || len(ids) <= keepGenerations {
		return
	}
	current, previous := s.linked(currentLink), s.linked(previousLink)
	for _, id := range ids[keepGenerations:] {
		if id != current && id != previous {
			s.remove(id)
		}
	}
}
