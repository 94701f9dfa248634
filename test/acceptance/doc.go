// Package acceptance is the black box: every check drives the real AWS CLI, boto3 or raw signed requests against the real
// bin/berth, and proves what the answer claims on the container itself, with docker inspect, its control group, its
// process or a request to its port. Each check carries the number of the list of acceptance checks (S001 …), or a name of
// its own (A-auth-…, A-baddays-…).
//
// The checks are tests behind the build tag acceptance, because they need root, Docker and the AWS CLI. `make acceptance`
// builds the binary and runs them through package runner, which prints the table.
//
//	TestMain ── starts nothing; ends what is left
//	   │
//	begin(t, id, title) ── the check: records operations, result, time
//	   ├── shared()        one `berth dev` for all checks
//	   ├── c.cluster()     a cluster of its own on it, with an agent of its own
//	   └── c.server()      a `berth server` of its own, for checks that kill or fill it
//
// Invariants: a check leaves no process, container, mount or file; checks that run side by side share only the server and
// Docker, never a cluster, a family or a host port; waiting means polling a condition with a deadline; nothing but the
// loopback interface is used, and no registry but one that the check started.
package acceptance
