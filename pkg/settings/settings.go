// Package settings declares every setting of the product once: its name, what its value
// is and within which bounds, its default, the sentence that explains it, who reads it
// and who sets it (table.go). All else comes from there:
//
//   - what the programs read, with all faults at once ([Reader]);
//   - what the stack takes, and each function's environment (infra/props);
//   - template.yaml's variables, and the tables of README and docs/deploy.md
//     (internal/tables, called by go generate).
//
// A setting has one name everywhere, that of its environment variable. Empty means unset.
// No error shows a value, because some are keys; the one exception is a region that does
// not exist.
//
// The functions link this package, so it has nothing to do at their start: the table is
// data, and only the defaults that are read are parsed.
package settings

//go:generate go run ../../internal/tables ../..

import "slices"

// Setting declares one environment variable.
type Setting struct {
	Name string
	// Kind says what its value is, with its bounds.
	Kind Kind
	// Default is the value it has where it is unset, written as one. Empty: none.
	Default string
	// Laptop is the default of `make run`, where that is another.
	Laptop string
	// Unset says, for the tables, what happens where it is unset and has no default.
	Unset string
	// Example is a value that is not the default. Tests set every setting to it.
	Example string
	// Readers are the programs that read it.
	Readers Program
	// Setter says from where a function has it.
	Setter Setter
	// Demanded settings have no default outside the development stage: the owner has to
	// decide. A word such as all decides too.
	Demanded bool
	// Sentence explains it in the tables.
	Sentence string
}

// Program is a set of programs.
type Program uint8

// The programs that read settings.
const (
	Send      Program = 1 << iota // the function behind the routes that send
	Verify                        // the function behind the route that verifies
	Discovery                     // the function behind the banner
	Laptop                        // `make run`
	Simulator                     // the Infobip simulator alone
	Stack                         // `make synth` and `make deploy`
)

// Stateful are the functions that hold state.
const Stateful = Send | Verify

// Functions are all Lambda functions.
const Functions = Stateful | Discovery

// Setter is who sets a setting for a function.
type Setter uint8

// The setters. What no function reads has no setter: the zero Setter changes nothing.
const (
	// Owner: whoever deploys. The stack takes it and hands it to the functions.
	Owner Setter = iota
	// Deployment: the stack itself, which alone knows the value.
	Deployment
	// Developer: for a local run. The stack never sets it; template.yaml declares it
	// empty, because `sam local` passes on only what is declared.
	Developer
	// Platform: Lambda, in every function.
	Platform
)

// All returns every setting, in the order of the table.
func All() []Setting { return slices.Clone(table[:]) }

// ReadBy reports whether any of the programs reads it.
func (s Setting) ReadBy(programs Program) bool { return s.Readers&programs != 0 }

// Handed reports whether the stack hands the owner's value to functions.
func (s Setting) Handed() bool { return s.ReadBy(Functions) && s.Setter == Owner }

// Deployable reports whether an owner may set it for a deployment: what the stack hands
// on, and what it reads itself.
func (s Setting) Deployable() bool { return s.ReadBy(Stack) || s.Handed() }

// Lookup returns a setting by its name. Of a name that is not declared it reports false.
func Lookup(name string) (Setting, bool) {
	s := find(name)
	if s == nil {
		return Setting{}, false
	}
	return *s, true
}

// find returns the declaration itself, or nil.
func find(name string) *Setting {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// Check returns what is wrong with a value, in a sentence that begins with the name and
// does not show the value. Empty is a value only of a text of any form.
func (s Setting) Check(value string) error { return fault(s.Name, s.Kind.fault(value)) }

// OnLaptop returns a getenv with the defaults that `make run` has of its own.
func OnLaptop(getenv func(string) string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		if value != "" {
			return value
		}
		if s := find(name); s != nil {
			return s.Laptop
		}
		return ""
	}
}
