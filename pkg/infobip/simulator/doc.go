// Package simulator is a local Infobip 2FA: all eighteen operations of /2fa/2
// over plain HTTP, every limit and notation, an outbox in place of phones, and
// faults on request. The gateway's tests and `make run` talk to it, and so can
// anyone who tests a client of Infobip 2FA: Infobip's own SDKs run against it
// unchanged.
//
// [Simulator.API] is the listener a client sees; it never tells a PIN.
// [Simulator.Control] is the listener a test or a developer sees: the outbox,
// the request log, faults, and the clock. The two are meant for two ports.
//
// Where the vendor documents a behaviour, the simulator follows; where it does
// not, the simulator had to choose. [Choices] lists what was chosen, and
// [Options] has a switch for most of it: do not take a choice for a fact about
// the live service.
//
// Nothing is stored on disk, nothing is sent to anybody, and no key or PIN is
// logged. It is not a service to run on the open internet: whoever reaches the
// control listener reads every PIN.
package simulator
