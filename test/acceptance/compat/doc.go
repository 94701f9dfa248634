// Command compat writes docs/compatibility.md from the results of the last acceptance run: one row per operation of the
// API, with the checks that showed it, or "missing" when it answered UnsupportedFeatureException.
//
// The page says only what tests showed. Nothing in it is typed by hand.
package main
