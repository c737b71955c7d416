// Package otp is the domain of phone verification: what a verification is, which
// states it passes through, and every limit that guards it.
//
// It decides and remembers; it does not make, deliver or compare PINs (a
// Provider does), and it does not know where state is kept (a Store does). It
// imports no AWS and no HTTP: a rule can be read and tested without an account.
package otp
