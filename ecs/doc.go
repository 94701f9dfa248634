// Package ecs is the domain: the records Berth keeps, their identifiers, the rules that need no other record to be checked,
// and the errors of the ECS API.
//
// It is pure: no clock, no randomness, no I/O, no import of another package of this module. Time comes in as [Time] values and
// identifiers as typed strings; both are made by the caller.
//
// Records ([Cluster], [TaskDefinition], [Task], [Instance], [CapacityProvider], [AccessKey]) are immutable values once they are in a table: a change
// copies the record, and every slice or map it changes, and puts the copy. Readers share them without a lock.
//
// The stored form of a record is MessagePack, written by the generated *_gen.go files (run `go generate ./ecs`). Fields are
// named by short tags: a tag is never given to another field, a removed field's tag is never used again, and a new field must
// mean "as before" when it is zero.
package ecs

//go:generate go tool msgp -file cluster.go -tests=false -io=false
//go:generate go tool msgp -file instance.go -tests=false -io=false
//go:generate go tool msgp -file task.go -tests=false -io=false
//go:generate go tool msgp -file taskdefinition.go -tests=false -io=false
//go:generate go tool msgp -file containerdefinition.go -tests=false -io=false
//go:generate go tool msgp -file volume.go -tests=false -io=false
//go:generate go tool msgp -file shared.go -tests=false -io=false
//go:generate go tool msgp -file accesskey.go -tests=false -io=false
//go:generate go tool msgp -file scaling.go -tests=false -io=false
//go:generate go tool msgp -file capacityprovider.go -tests=false -io=false
