package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"
	"github.com/spf13/pflag"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
)

// target is the deployment that a command works on: its table and its secret.
type target struct {
	ui     *tui
	getenv func(string) string
	// What the flags say; empty leaves it to the environment.
	table, secret string

	// signedIn is set by the first call of signIn.
	signedIn *aws.Config
}

func (t *target) registerTable(flags *pflag.FlagSet) {
	flags.StringVar(&t.table, "table", "", "`name` of the DynamoDB table, the stack's output TableName (default TABLE_NAME)")
}

func (t *target) registerSecret(flags *pflag.FlagSet) {
	flags.StringVar(&t.secret, "secret", "", "`name` or ARN of the secret, the stack's output SecretId (default SECRET_ID)")
}

// read returns the gateway's settings with the flags over them.
func (t *target) read() (app.Config, error) {
	c, err := app.ReadConfig(func(name string) string {
		switch {
		case name == "TABLE_NAME" && t.table != "":
			return t.table
		case name == "SECRET_ID" && t.secret != "":
			return t.secret
		}
		return t.getenv(name)
	})
	if err != nil {
		return app.Config{}, fails(err, "set these environment variables again; the gateway would not start with them either")
	}
	return c, nil
}

// emulated reports whether an endpoint is an emulator on a laptop: AWS's own are https. It
// is called as the laptop's gateway calls it, whose credentials and region need not
// be real and may decide which data an emulator shows. A profile that is named wins.
func (t *target) emulated(endpoint string) bool {
	return strings.HasPrefix(endpoint, "http://") && t.getenv("AWS_PROFILE") == "" && t.getenv("AWS_DEFAULT_PROFILE") == ""
}

func (t *target) dynamoDB(ctx context.Context, c app.Config) (*dynamodb.Client, error) {
	if t.emulated(c.AWS.DynamoDB) {
		return dynamodb.New(app.NewDynamoDB(c.AWS).Options(), func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, t.progress) }), nil
	}
	found, err := t.signIn(ctx)
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(found), nil
}

func (t *target) secretsManager(ctx context.Context, c app.Config) (*secretsmanager.Client, error) {
	if t.emulated(c.AWS.SecretsManager) {
		return secretsmanager.New(app.NewSecretsManager(c.AWS).Options(), func(o *secretsmanager.Options) { o.APIOptions = append(o.APIOptions, t.progress) }), nil
	}
	found, err := t.signIn(ctx)
	if err != nil {
		return nil, err
	}
	return secretsmanager.NewFromConfig(found), nil
}

// signInTime has room for a program that fetches credentials, and for a person who looks
// for a code.
const signInTime = 2 * time.Minute

// signIn finds region and credentials as the AWS CLI does: environment, profiles,
// single sign-on, the machine's role. The SDK reads the process's own environment. The
// credentials are fetched here, because a call to a table has less time than that may
// take, and because their trouble is another than the call's.
func (t *target) signIn(ctx context.Context) (aws.Config, error) {
	if t.signedIn != nil {
		return *t.signedIn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	found, err := config.LoadDefaultConfig(ctx, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
		o.TokenProvider = t.secondFactor
	}))
	if err != nil {
		return aws.Config{}, fails(fmt.Errorf("reading the AWS configuration: %w", innermost(err)), "look at AWS_PROFILE, and at the files of the AWS CLI (~/.aws)")
	}
	if found.Region == "" {
		return aws.Config{}, fails(errors.New("no AWS region"), "set AWS_REGION to the region of the deployment, or AWS_PROFILE to a profile that names it")
	}
	_, err = found.Credentials.Retrieve(ctx)
	if err != nil {
		return aws.Config{}, fails(fmt.Errorf("no AWS credentials: %w", innermost(err)),
			"sign in as for the AWS CLI (aws sso login), and name the profile with AWS_PROFILE; aws sts get-caller-identity shows who you are")
	}
	found.APIOptions = append(found.APIOptions, t.progress)
	t.signedIn = &found
	return found, nil
}

// progress has every call of a client say what it waits for, once that takes long.
func (t *target) progress(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("otpctl progress",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			done := t.ui.during("waiting for AWS (" + awsmiddleware.GetServiceID(ctx) + " " + awsmiddleware.GetOperationName(ctx) + ")")
			defer done()
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
}

// secondFactor asks for the code that a profile with mfa_serial needs.
func (t *target) secondFactor() (string, error) {
	if _, interactive := t.ui.terminal(); !interactive {
		return "", errors.New("the profile needs a code of its MFA device, and nobody can be asked here")
	}
	return t.ui.readLine("code of the profile's MFA device")
}
