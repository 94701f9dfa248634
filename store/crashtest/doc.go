// Package crashtest is a load whose traces tell, after a crash at any moment, whether the store kept its promises: every
// acknowledged command is there and no command is there by half.
//
// Each of some writers runs commands one after the other. Command n of a writer touches several records of several tables (see
// [Load]); [Verify] recomputes from the surviving records alone what must hold between them. The tests of this package kill a
// process under this load with SIGKILL, and cut the power of a simulated disk.
package crashtest
