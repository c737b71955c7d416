package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

// patience is how long AWS may take to answer one question.
const patience = 15 * time.Second

// account is where a deployment would go.
type account struct {
	config aws.Config
	id     string // once it is known
}

func (a account) region() string { return a.config.Region }

// aws writes a command of the AWS CLI for this account. The profile may come from deploy.env,
// which an operator's shell has not read.
func (a account) aws(command string) string {
	command = "aws " + command + " --region " + a.region()
	if profile := os.Getenv("AWS_PROFILE"); profile != "" {
		command += " --profile " + profile
	}
	return command
}

// regionForm is that of every region's name, in every partition.
var regionForm = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`)

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
		if err != nil && signsIn(loaded) {
			missing = append(missing, "a sign-in that is not over (`"+signIn()+"`)")
		} else if err != nil {
			missing = append(missing, "AWS credentials (set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)")
		}
	}
	switch region := loaded.Region; {
	case region == "":
		missing = append(missing, "an AWS region (set AWS_REGION)")
	case !regionForm.MatchString(region):
		missing = append(missing, fmt.Sprintf("an AWS region such as eu-central-1, which %q is not (set AWS_REGION)", region))
	}
	return account{config: loaded}, missing
}

// signsIn reports whether the credentials are those of a single sign-on, which the profile has itself
// or takes from another. Of one that is over the SDK has no error of its own.
func signsIn(loaded aws.Config) bool {
	for _, source := range loaded.ConfigSources {
		shared, _ := source.(config.SharedConfig)
		for profile := &shared; profile != nil; profile = profile.Source {
			if profile.SSOSessionName != "" || profile.SSOStartURL != "" {
				return true
			}
		}
	}
	return false
}

// signIn is the command that renews a single sign-on.
func signIn() string {
	if profile := os.Getenv("AWS_PROFILE"); profile != "" {
		return "aws sso login --profile " + profile
	}
	return "aws sso login"
}

// identify asks whose credentials these are, before anything is built on them, and returns what
// is wrong with them.
func (a *account) identify(ctx context.Context) *finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	identity, err := sts.NewFromConfig(a.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	answer, refused := errors.AsType[smithy.APIError](err)
	switch {
	case refused:
		found := explainRefusal(answer, a.region())
		return &found
	case err != nil:
		return &finding{sentence: fmt.Sprintf("AWS cannot be reached: is there a region %s, and a way to it? (%v)", a.region(), innermost(err))}
	case identity.Account == nil:
		return &finding{sentence: "AWS does not say whose credentials these are: its answer names no account"}
	}
	a.id = *identity.Account
	return nil
}

// explainRefusal turns the words that STS has for credentials into a sentence.
func explainRefusal(answer smithy.APIError, region string) finding {
	const refused = "AWS does not take the credentials: "
	switch code := answer.ErrorCode(); {
	case slices.Contains([]string{"ExpiredToken", "ExpiredTokenException"}, code):
		return finding{refused + "they have expired; sign in again", []string{signIn()}}
	case slices.Contains([]string{"InvalidClientTokenId", "UnrecognizedClientException"}, code):
		return finding{refused + "the access key is not known in " + region + " (a region that the account has not enabled answers so, too)", nil}
	case slices.Contains([]string{"SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired"}, code):
		return finding{refused + "the secret key does not go with the access key, or this machine's clock is wrong", nil}
	}
	return finding{refused + answer.ErrorCode() + ": " + answer.ErrorMessage(), nil}
}

// innermost returns the cause that the SDK wraps into a line of its own terms.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
