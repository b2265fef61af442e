// Package settings reads how a person wants the console: one TOML file, that of
// the system first and that of the person over it. What a file says is checked
// word by word, and every fault is named with its file and line: a setting that
// is silently ignored is worse than one that is refused.
package settings
