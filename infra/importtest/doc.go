// Package importtest has a stranger's app import the construct: a module of its own, without a
// clone of this repository and without a replace directive, that knows of it what a module
// proxy serves. The proxy has this tree as a tagged version of both modules.
package importtest
