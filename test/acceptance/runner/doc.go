// Command runner runs the acceptance checks and prints their table: one row per check while they end, then all of them in
// order, the evidence of those that failed, and `N passed, N failed` as the last line. It exits with 1 when one failed.
//
// Arguments are handed to `go test`, for example -run 'TestS0(01|04)'.
//
// It holds no check and no opinion about Berth: it only reads the events of `go test -json` and the results that the checks
// wrote. A check that began and wrote nothing (a crash, a timeout) has failed.
package main
