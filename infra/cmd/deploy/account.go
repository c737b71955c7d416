package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// patience is how long AWS may take to answer who somebody is.
const patience = 15 * time.Second

// account is where a deployment would go.
type account struct{ config aws.Config }

func (a account) region() string { return a.config.Region }

// findAccount looks for credentials and a region where the CDK will look, and says in words what
// is not there.
func findAccount(ctx context.Context, getenv func(string) string) (account, []string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var missing []string
	loaded, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return account{}, []string{fmt.Sprintf("a readable AWS configuration (%v)", err)}
	}
	switch {
	case getenv("AWS_ACCESS_KEY_ID") != "" && getenv("AWS_SECRET_ACCESS_KEY") == "":
		missing = append(missing, "AWS_SECRET_ACCESS_KEY, to go with AWS_ACCESS_KEY_ID")
	case getenv("AWS_ACCESS_KEY_ID") == "" && getenv("AWS_SECRET_ACCESS_KEY") != "":
		missing = append(missing, "AWS_ACCESS_KEY_ID, to go with AWS_SECRET_ACCESS_KEY")
	default:
		_, err = loaded.Credentials.Retrieve(ctx)
		if err != nil {
			missing = append(missing, "AWS credentials (set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)")
		}
	}
	if loaded.Region == "" {
		missing = append(missing, "an AWS region (set AWS_REGION)")
	}
	return account{config: loaded}, missing
}

// identify asks whose credentials these are, before anything is built on them.
func (a account) identify(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	identity, err := sts.NewFromConfig(a.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("asking STS for the account: %w", err)
	}
	if identity.Account == nil {
		return "", errors.New("asking STS for the account: the answer names none")
	}
	return *identity.Account, nil
}
