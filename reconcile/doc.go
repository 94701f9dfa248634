// Package reconcile holds the plans of the controllers: pure functions from what is to what should happen next. Each takes its input
// as values, the time among them, and returns a plan that the controller carries out through commands and hooks.
//
// It changes nothing, reads no clock, starts nothing and never lets the order of a map decide: the same input gives the same plan.
package reconcile
