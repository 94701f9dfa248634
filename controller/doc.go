// Package controller holds the loops that keep the state in order: each watches or wakes up, reads a snapshot, and issues commands.
// They decide nothing themselves.
//
// A controller has Step(ctx, now) (next wake-up, error), which tests and the simulation call, and Run(ctx), a short loop around it.
package controller
