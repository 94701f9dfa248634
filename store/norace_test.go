//go:build !race

package store_test

// raceEnabled relaxes limits of time: the race detector is several times slower.
const raceEnabled = false
