// Package deploytest creates the synthesised stack in an emulated AWS and compares what exists
// afterwards with the template, property by property.
//
// The emulator is moto, on loopback, with credentials that mean nothing. Its CloudFormation says
// CREATE_COMPLETE and skips whole resources and single properties, so its word counts for
// nothing here: everything is read back through the services' own APIs. What CloudFormation
// skipped is created a second time through the API of its service, with the template's values,
// and read back too. What even then cannot be seen is in a list with names and reasons
// (unproven.go), which the test prints: nothing is skipped in silence, and an entry that could be
// proven after all fails the test as well.
//
// Beside it stand the tests of what needs the same tools: that SAM's own transform makes of
// template.yaml what the comparison with the stack takes it for, that each shape passes
// cfn-lint, and that wrong settings stop the program that synthesises.
//
// It shows that the template is whole and that the services' APIs know every property in it. It
// cannot show what only AWS checks: docs/deploy.md says what is left.
package deploytest
