// Command gen writes the Go shapes of package wire from facts.json and facts_later.json: shapes_gen.go (structures),
// enums_gen.go (constants), validate_gen.go (checks) and operations_gen.go (the operation table), all in the working
// directory. Its output depends on the two files alone and is already formatted; `go generate ./api/ecs/wire` runs it.
package main
