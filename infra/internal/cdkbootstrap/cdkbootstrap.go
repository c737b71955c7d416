// Package cdkbootstrap says what the stack expects of an account that `cdk bootstrap` prepared.
// It imports no CDK, so that this can be looked at before one is started; a test compares it
// with what the CDK writes.
package cdkbootstrap

// Version is the least version of the bootstrap stack that the CDK's synthesizer deploys with.
const Version = 6

// Parameter is the name of the SSM parameter that has the version. The part in the middle is the
// CDK's default qualifier.
const Parameter = "/cdk-bootstrap/hnb659fds/version"
