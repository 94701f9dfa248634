// Package runtimetest is the suite every runtime.Runtime must pass, the fake as well as the real engine: what the
// supervisor relies on, and no more. It removes what it makes.
package runtimetest
