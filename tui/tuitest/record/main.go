package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	program := flag.String("program", "./mfwtui", "the `file` of the program")
	to := flag.String("to", "etc/pictures", "the `directory` of the pictures")
	flag.Parse()
	if err := record(*program, *to); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// record plays every script and writes what it made.
func record(program, dir string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, play := range []func(string) (*recording, error){playJob, playWide} {
		r, err := play(program)
		if err != nil {
			return err
		}
		if err := r.write(dir); err != nil {
			return err
		}
	}
	return nil
}

// write writes the pictures of a recording.
func (r *recording) write(dir string) error {
	var errs []error
	put := func(name string, data []byte) {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), data, 0o644))
		fmt.Printf("%7d bytes  %s\n", len(data), filepath.Join(dir, name))
	}
	for _, s := range r.stills {
		put(s.name+".svg", drawStill(s.cells, s.title))
	}
	if len(r.frames) > 0 {
		put(r.name+".svg", drawFilm(r.frames, r.title))
		put(r.name+".cast", r.cast.bytes())
	}
	return errors.Join(errs...)
}
