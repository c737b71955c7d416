package harness

import "syscall"

// ownGroup puts a program into its own process group. The kernel ends it should the
// test binary die without a chance to (a timeout's panic, a SIGKILL).
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
