// Package infra is the service's AWS shape: a construct that any CDK app in Go can place in a
// stack of its own, and the stack that `make deploy` deploys.
//
//	service, err := infra.NewService(stack, "Otp", props.Default("dist/arm64"))
//
// access.go lists all that each function may touch in AWS, api.go who is let in and how often.
// template.yaml at the repository's root describes the same shape for a laptop; a test compares
// the two.
//
// The Go module is its own, so that the functions never inherit the CDK's dependencies.
package infra
