// Package storetest is the contract of engines and of the store on top of them, as one suite that every engine runs.
//
// It knows no engine. A test of an engine calls [Run] with a way to open engines on fresh data; what an engine cannot do (two
// servers on one data directory) it says in [Options].
package storetest
