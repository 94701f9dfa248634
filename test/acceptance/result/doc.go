// Package result is the machine-readable outcome of an acceptance run: one JSON line per check, written by the checks, read
// by the runner (for its table) and by compat (for docs/compatibility.md).
//
// It must not import testing, so that the readers stay ordinary programs.
package result
