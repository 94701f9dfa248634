// Command factgen turns the published API model (botocore's service-2.json, given as the only argument) into the
// table of facts on standard output. It keeps names, types, required, enums and limits, and drops every sentence.
//
//	go run ./internal/factgen path/to/service-2.json > facts.json
//
// It runs by hand, when the API version Berth speaks changes; gen runs on its result.
package main
