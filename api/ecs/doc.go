// Package ecs is the ECS API over the store: one file per operation family. A handler decodes its input into domain values, runs a
// command or reads the last published snapshot, and encodes the answer.
//
//	cluster.go          clusters            cluster_wire.go    their shape
//	taskdefinition*.go  task definitions
//	task.go, runtask.go tasks               task_wire.go       their shape
//	instance.go         container instances instance_wire.go   their shape
//	capacityprovider.go capacity providers  attributes.go      attributes of instances
//	submit.go           the agent's calls
//	refs.go, page.go    names, ARNs and pages, the same for all
//
// Wire shapes stop here: nothing of [berth/api/ecs/wire] goes inward. Reads take one snapshot each and never wait for a writer.
// What a principal may call is decided before; that an agent touches its own instance only is decided in the command.
package ecs
