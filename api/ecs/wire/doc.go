// Package wire holds the Go shapes of the ECS API (version 2014-11-13): the input and output of each of its 55
// operations, the structures below them, their enums, and the checks a request must pass before anyone acts on it.
//
// The shapes are generated. facts.json is the table of facts of the API model of 28 November 2022 (names, types,
// required, enums, limits), facts_later.json a short overlay of what came later and is already spoken here. Change the
// overlay and run go generate; never edit a file that ends in _gen.go. TestDrift holds the table against AWS's own SDK;
// later.txt lists everything the SDK has and this package has not.
//
// Rules of every shape:
//
//   - Absent is nil, for every kind: scalars and structures are pointers, lists and maps are nil. A list or map that is
//     empty but not nil is written as [] or {}; nothing is ever written as null.
//   - Fields stand in the alphabetical order of their JSON names, because real ECS answers do.
//   - Enum members are plain strings, so that a value of tomorrow survives decoding; Validate refuses it in a request.
//   - A time is a [Timestamp].
//
// Decode and encode with package awsjson. Validate answers with a [ValidationError], whose texts and exceptions to the
// rules are in validate.go and rules.go. It knows the request alone: what depends on stored state, or on two members at
// once, is for the domain.
//
// Wire shapes stop at package api/ecs; the domain has its own types. This package must not import the domain, hold
// state, or read a clock.
package wire

//go:generate go run ./internal/gen
