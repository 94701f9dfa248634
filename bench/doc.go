// Package bench measures a Berth server from outside, behind `berth bench`: simulated agents over real websockets, load through the
// signed API, and the same container started through Berth and through the Docker API.
//
//	clients ─▶ API ─▶ server (child process, own folder) ─▶ websockets ─▶ simulated agents ─▶ API (RUNNING)
//
// The server is another process of the same binary, so that its memory and processor time are its own; everything runs on the
// loopback interface, is bounded in count and time, and leaves neither process, container nor folder behind. The package looks at
// the server only as a client does, and at its process through the operating system. It must not reach into the server's packages:
// a benchmark that shares memory with what it measures measures itself.
//
// Invariants: a figure is of one run on one machine, and what it is to be held against (the disk's fsync rate, the Docker API alone)
// was measured in that run. A call that failed ends the run with its error; it never becomes a fast call.
package bench
