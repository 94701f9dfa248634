// Package fake is a container engine in memory. Unit tests drive the agent with it, and so do the simulated agents of
// `berth bench`: it starts no goroutine of its own and a container costs a few hundred bytes.
//
// A container's command is a little program, so that the fake can keep the contract of runtime/runtimetest:
//
//	exit N          ends at once with N
//	after D N       ends with N after the duration D
//	trap N          runs, ends with N on the stop signal
//	ignore          runs, ignores the stop signal
//	anything else   runs, ends with 143 on the stop signal
//
// Everything else a test wants to happen (an exit, a verdict, an engine that goes away) it does through the methods of
// Runtime that are not in the interface.
package fake
