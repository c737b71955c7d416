package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// stageNext is the label of a value that is about to be the one in use.
const stageNext = "otpctl"

// put replaces the value that was read, if it is still the one in use. PutSecretValue
// alone overwrites whatever somebody else has put since. But UpdateSecretVersionStage
// moves a label only away from the version that is named, and fails if it is at another
// one by now. So the value is put beside the one in use, and then takes its label. A
// secret without any value has no label to move: its first value is put as it is.
func put(ctx context.Context, client *secretsmanager.Client, id string, held document, text string) error {
	named := secretNamed(id)
	in := &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &text}
	if !held.missing {
		in.VersionStages = []string{stageNext}
	}
	within, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	out, err := client.PutSecretValue(within, in)
	if err != nil {
		return named.explain(err)
	}
	if held.missing {
		return nil
	}
	_, err = client.UpdateSecretVersionStage(within, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &id, VersionStage: new(secrets.Current), MoveToVersionId: out.VersionId, RemoveFromVersionId: &held.version,
	})
	if err == nil {
		return nil
	}
	// The answer to a move that took place may have been lost, and its repeat refused.
	is, unread := fetch(ctx, client, id)
	switch {
	case unread != nil:
	case is.version == *out.VersionId:
		return nil
	case is.version != held.version:
		return fails(fmt.Errorf("somebody else changed the %s meanwhile, and nothing was changed here", named), "run it again")
	}
	return named.explain(err)
}
