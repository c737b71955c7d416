package main

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// resource is something in AWS that an error can be about.
type resource struct {
	kind    string // table, secret
	name    string
	setting string // where its name comes from
	actions string // what IAM has to allow
}

func tableNamed(name string) resource {
	return resource{"table", name, "TABLE_NAME or --table", "dynamodb:GetItem and dynamodb:PutItem"}
}

func secretNamed(name string) resource {
	return resource{"secret", name, "SECRET_ID or --secret", "secretsmanager:GetSecretValue (and PutSecretValue and UpdateSecretVersionStage to change it, and use of its KMS key if that is your own)"}
}

// explain turns a call's error into a sentence, and adds what to do about it.
func (r resource) explain(err error) error {
	operation, asked := errors.AsType[*smithy.OperationError](err)
	if !asked {
		return fails(err) // what came back could not be read
	}
	answer, answered := errors.AsType[smithy.APIError](err)
	if !answered {
		return fails(fmt.Errorf("the %s cannot be reached: %w", r, innermost(operation)),
			"look at AWS_REGION, at AWS_ENDPOINT_URL if it is set, and at the network on the way there")
	}
	switch answer.ErrorCode() {
	case "ResourceNotFoundException":
		return fails(fmt.Errorf("there is no %s here", r),
			"look at "+r.setting+" (an output of the stack), and at the account and the region: AWS_PROFILE, AWS_REGION")
	case "AccessDeniedException":
		return fails(fmt.Errorf("AWS refuses access to the %s: %s", r, answer.ErrorMessage()),
			"your role needs "+r.actions+" on it")
	case "ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException", "MissingAuthenticationTokenException":
		return fails(fmt.Errorf("AWS does not take these credentials: %s", answer.ErrorMessage()),
			"sign in again (aws sso login), and look at AWS_PROFILE; aws sts get-caller-identity shows who you are")
	}
	return fails(fmt.Errorf("AWS refuses the call about the %s: %s: %s", r, answer.ErrorCode(), answer.ErrorMessage()),
		"run it again; if it stays so, look for the word "+answer.ErrorCode()+" in AWS's documentation")
}

// notFound reports whether AWS answered that there is no such thing.
func notFound(err error) bool {
	answer, ok := errors.AsType[smithy.APIError](err)
	return ok && answer.ErrorCode() == "ResourceNotFoundException"
}

// innermost returns the cause that the SDK wraps into a line of its own terms.
func innermost(err error) error {
	for {
		switch wrapper := err.(type) { //nolint:errorlint // this is the unwrapping itself
		case interface{ Unwrap() error }:
			inner := wrapper.Unwrap()
			if inner == nil {
				return err
			}
			err = inner
		case interface{ Unwrap() []error }:
			inner := wrapper.Unwrap()
			if len(inner) == 0 {
				return err
			}
			err = inner[len(inner)-1]
		default:
			return err
		}
	}
}

func (r resource) String() string { return r.kind + " " + r.name }
