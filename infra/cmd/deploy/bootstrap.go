package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/seed-a131a524/infobip-otp/infra/internal/cdkbootstrap"
	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// bootstrap prepares the account for the CDK. It needs nothing of the deployment but its account.
func bootstrap(ctx context.Context, arguments []string) error {
	const refusal = "nothing was prepared"
	err := noOtherProfile(arguments)
	if err != nil {
		return fmt.Errorf("%s: %w", refusal, err)
	}
	target, _, err := findTarget(ctx, refusal)
	if err != nil {
		return err
	}
	cdk, err := installCDK(ctx, refusal)
	if err != nil {
		return err
	}
	say("preparing account %s in %s for the CDK", target.id, target.region())
	program := command(ctx, cdk, append([]string{"bootstrap", "aws://" + target.id + "/" + target.region()}, arguments...)...)
	program.Dir = root // where there is no cdk.json, and so no app that the CDK would synthesize first
	return program.Run()
}

// findTarget finds the stage and the account of a command that reads no other setting. Its error,
// which begins with the refusal, has reported what was found to be in the way; the findings are
// for what else is.
func findTarget(ctx context.Context, refusal string) (target, *findings, error) {
	found := &findings{}
	r := settings.NewReader(os.Getenv)
	stage := r.Text("STAGE")
	if err := r.Err(); err != nil {
		return target{}, nil, fmt.Errorf("%s: %w", refusal, err)
	}
	if stage == "" {
		stage = props.Development
	}
	account, missing := findAccount(ctx, os.Getenv)
	found.missing(missing)
	found.pinForm(os.Getenv(props.AccountVariable))
	t := target{account: account, stage: stage}
	if len(missing) == 0 && found.identify(ctx, &t.account) {
		found.rightAccount(t, os.Getenv(props.AccountVariable))
	}
	return t, found, found.report(os.Stderr, refusal)
}

// bootstrapped looks for what `cdk bootstrap` leaves.
func (f *findings) bootstrapped(ctx context.Context, t target) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := ssm.NewFromConfig(t.config).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(cdkbootstrap.Parameter)})
	if _, absent := errors.AsType[*types.ParameterNotFound](err); absent {
		f.stop(fmt.Sprintf("account %s is not prepared for the CDK in %s; once for each account and region:", t.id, t.region()), "make bootstrap")
		return
	}
	if err != nil {
		f.unseen("whether the account is prepared for the CDK", "ssm:GetParameter", err)
		return
	}
	version, err := strconv.Atoi(aws.ToString(answer.Parameter.Value))
	if err != nil || version < cdkbootstrap.Version {
		f.stop(fmt.Sprintf("account %s was prepared in %s for an older CDK (version %s, and this one needs %d); renew it:",
			t.id, t.region(), aws.ToString(answer.Parameter.Value), cdkbootstrap.Version), "make bootstrap")
	}
}
