// Package app puts the parts together: [RunServer], [RunAgent], [RunDev] and the key commands behind the command line. It is the one
// package that may import all others, and none may import it but cmd and bench. It decides nothing about ECS.
//
// A server lives in generations. A generation opens the store, serves, and ends when the store fails or the process is asked to
// stop; after a failure the next generation loads what is durable and goes on. In between, requests get
// ServiceUnavailableException, and so does /healthz.
package app
