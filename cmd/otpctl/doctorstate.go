package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// oldSecret is when a key should have been changed.
const oldSecret = 365 * rate.Day

func checkSecret(ctx context.Context, v *visit) []finding {
	id := v.secretID()
	if id == "" {
		return unknown("the secret's name is not known")
	}
	named := secretNamed(id)
	described, err := v.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	if err != nil {
		named.actions = "secretsmanager:DescribeSecret and GetSecretValue"
		return refusedOrFailed(named, err)
	}
	if described.DeletedDate != nil {
		return failed("aws secretsmanager restore-secret --secret-id "+id+": with it go the keys under which all state is kept", "the secret is scheduled for deletion")
	}
	const set = "otpctl secret set puts an API key, and a phone key where there is none; it changes no phone key that is there"
	held, err := fetch(ctx, v.secrets, id)
	switch {
	case err != nil:
		return refusedOrFailed(named, err)
	case held.missing:
		return failed(set, "the secret has no value yet: nothing can be sent")
	}
	parsed, err := secrets.Parse(held.text)
	if err != nil {
		return failed(set, "the functions cannot use it: %s", err)
	}
	v.secret = &parsed
	return v.secretUse(parsed, aws.ToTime(described.LastChangedDate), held.now)
}

// secretID returns the secret that the functions read.
func (v *visit) secretID() string {
	if id := v.setting("SECRET_ID"); id != "" {
		return id
	}
	return v.outputs["SecretId"]
}

func (v *visit) secretUse(parsed secrets.Secret, changed, now time.Time) []finding {
	var found []finding
	if v.setting("CLIENT_ADDRESS_HEADER") != "" && parsed.OriginKeys() == 0 {
		found = append(found, warned("otpctl secret add-origin-key, unless all callers are IAM's", "CLIENT_ADDRESS_HEADER is set and there is no origin key: only callers whom IAM has let in are answered")...)
	}
	if v.setting("CHALLENGE") != "" && parsed.ChallengeSecret() == "" {
		found = append(found, failed("otpctl secret set-challenge-secret", "CHALLENGE is set and the secret has no challengeSecret: no challenge can be solved")...)
	}
	if !changed.IsZero() && now.Sub(changed) > oldSecret {
		found = append(found, warned("make a new API key at Infobip, otpctl secret set, then delete the old one", "it was last changed %s: whoever has left since may know the API key", when(changed, now))...)
	}
	keys := parsed.PhoneKeys(now, 0).Ledgers
	age := ""
	if !changed.IsZero() {
		age = ", changed " + when(changed, now)
	}
	return orElse(found, "an API key, %s (version %s is in use), %s%s", count(len(keys), "phone key"), keys[0].Version(), count(parsed.OriginKeys(), "origin key"), age)
}

// tableName returns the table that the functions use.
func (v *visit) tableName() string {
	if name := v.setting("TABLE_NAME"); name != "" {
		return name
	}
	return v.outputs["TableName"]
}

func checkTable(ctx context.Context, v *visit) []finding {
	name := v.tableName()
	if name == "" {
		return unknown("the table's name is not known")
	}
	got, err := v.dynamodb.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return refusedOrFailed(v.tableResource("dynamodb:DescribeTable"), err)
	}
	table := got.Table
	var found []finding
	if table.TableStatus != dynamotypes.TableStatusActive && table.TableStatus != dynamotypes.TableStatusUpdating {
		found = append(found, failed("wait, or look at it in DynamoDB: nothing is sent without it", "it is %s", table.TableStatus)...)
	}
	if len(table.KeySchema) != 1 || aws.ToString(table.KeySchema[0].AttributeName) != "pk" {
		found = append(found, failed("TABLE_NAME has to name the stack's own table", "its key is not the one attribute pk: it is another program's table")...)
	}
	if table.BillingModeSummary == nil || table.BillingModeSummary.BillingMode != dynamotypes.BillingModePayPerRequest {
		found = append(found, warned("set it to on-demand, as the stack makes it", "its capacity is provisioned: beyond it sends and verifies are refused with 503")...)
	}
	if v.keeps() && !aws.ToBool(table.DeletionProtectionEnabled) {
		found = append(found, warned("aws dynamodb update-table --deletion-protection-enabled --table-name "+name, "it can be deleted by one call")...)
	}
	return orElse(found, "%s, %s, on demand", name, table.TableStatus)
}

func (v *visit) tableResource(actions string) resource {
	named := tableNamed(v.tableName())
	named.actions = actions
	return named
}

// expiryAttribute is where an item says when it may go.
const expiryAttribute = "ttl"

func checkExpiry(ctx context.Context, v *visit) []finding {
	name := v.tableName()
	if name == "" {
		return unknown("the table's name is not known")
	}
	got, err := v.dynamodb.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return refusedOrFailed(v.tableResource("dynamodb:DescribeTimeToLive"), err)
	}
	if ttl := got.TimeToLiveDescription; ttl == nil || ttl.TimeToLiveStatus != dynamotypes.TimeToLiveStatusEnabled && ttl.TimeToLiveStatus != dynamotypes.TimeToLiveStatusEnabling ||
		aws.ToString(ttl.AttributeName) != expiryAttribute {
		return failed("aws dynamodb update-time-to-live --time-to-live-specification Enabled=true,AttributeName="+expiryAttribute+" --table-name "+name,
			"items do not expire by %s: the table grows for ever, and keeps longer than SECURITY.md says what is remembered of a number", expiryAttribute)
	}
	return okay("items expire by %s", expiryAttribute)
}

func checkBackups(ctx context.Context, v *visit) []finding {
	name := v.tableName()
	if name == "" {
		return unknown("the table's name is not known")
	}
	got, err := v.dynamodb.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	if err != nil {
		return refusedOrFailed(v.tableResource("dynamodb:DescribeContinuousBackups"), err)
	}
	if b := got.ContinuousBackupsDescription; b == nil || b.PointInTimeRecoveryDescription == nil ||
		b.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != dynamotypes.PointInTimeRecoveryStatusEnabled {
		return warned("aws dynamodb update-continuous-backups --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true --table-name "+name,
			"there is no point-in-time recovery: a table that is lost takes every limit and closed number with it")
	}
	return okay("point-in-time recovery is on")
}
