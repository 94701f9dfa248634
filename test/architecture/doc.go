// Package architecture holds the rules of the house as tests: who may import whom, what the pure packages must not do, and
// what every package and file owes its reader. Each rule says why it exists when it fails, and each has a self-test with a
// tiny fixture that proves it can fail.
//
// A rule is a function from a Tree (the parsed sources of one module) to a list of findings. Rules read; they change
// nothing and run no code of the module. The package must not import any other package of the module, so that a broken
// house can still be judged.
package architecture
