package otpctl

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// malady is one thing that is wrong with a deployment.
type malady struct {
	name string
	// before changes what is built, after what was built; either may be nil.
	before, after func(t *testing.T, p *patient)
	args          []string
	check, status string
	found, todo   string
	// also are checks that suffer from it too.
	also []string
}

var maladies = []malady{
	{
		name: "another stage", args: []string{"--stack", "infobip-otp-nowhere"},
		check: "stack", status: "fail", found: "there is no stack infobip-otp-nowhere here", todo: "AWS_REGION",
		also: []string{"functions", "settings", "log level", "version", "secret", "table", "expiry", "backups", "routes", "throttles", "cors", "logs", "log delivery",
			"proof keys", "documents", "test recipients", "email resends", "infobip", "application", "template", "messages", "trial account"},
	},
	{
		name: "a new account", before: func(_ *testing.T, p *patient) { p.cloud.concurrency = 10 },
		check: "concurrency", status: "warn", found: "10 parallel executions, as a new account has", todo: "Service Quotas",
	},
	{
		name: "a stack that was rolled back", before: func(_ *testing.T, p *patient) { p.cloud.status = "UPDATE_ROLLBACK_COMPLETE" },
		check: "stack", status: "warn", found: "its last update failed and was rolled back", todo: "describe-stack-events",
	},
	{
		name: "a stack that failed", before: func(_ *testing.T, p *patient) { p.cloud.status = "ROLLBACK_COMPLETE" },
		check: "stack", status: "fail", found: "its state is ROLLBACK_COMPLETE", todo: "describe-stack-events",
	},
	{
		name: "another architecture", before: func(_ *testing.T, p *patient) { p.functions["verify"].architecture = lambdatypes.ArchitectureX8664 },
		check: "functions", status: "fail", found: "verify runs on [x86_64]", todo: "make build deploy",
	},
	{
		name: "a short timeout", before: func(_ *testing.T, p *patient) { p.functions["send"].timeout = 3 },
		check: "functions", status: "fail", found: "send ends after 3s", todo: "make build deploy",
	},
	{
		name: "a value that today's table refuses", before: func(_ *testing.T, p *patient) { p.functions["send"].environment["IP_SEND_LIMIT"] = "five" },
		check: "settings", status: "fail", found: "send does not start: IP_SEND_LIMIT must be a rate", todo: "deploy.env",
	},
	{
		name: "functions that disagree", before: func(_ *testing.T, p *patient) { p.functions["verify"].environment["PIN_LENGTH"] = "8" },
		check: "settings", status: "fail", found: "send and verify have different values of PIN_LENGTH", todo: "make build deploy",
	},
	{
		name: "a misspelt setting", before: func(_ *testing.T, p *patient) { p.functions["send"].environment["SPENDLIMIT"] = "1/1d" },
		check: "settings", status: "warn", found: "send has SPENDLIMIT, which is no setting", todo: "misspelt",
	},
	{
		name: "lines that Lambda drops", before: func(_ *testing.T, p *patient) { p.functions["send"].level = "ERROR" },
		check: "log level", status: "fail", found: "send drops what is below ERROR", todo: "INFO",
	},
	{
		name: "another version", after: func(t *testing.T, p *patient) {
			if err := os.WriteFile(filepath.Join(p.dist, "send.zip"), []byte("another"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		check: "version", status: "warn", found: "send, deployed ", todo: "make build deploy",
	},
	{
		name: "a secret without a value", before: func(_ *testing.T, p *patient) { p.value = "" },
		check: "secret", status: "fail", found: "has no value yet", todo: "otpctl secret set",
		also: []string{"test recipients", "infobip", "application", "template", "messages", "trial account"},
	},
	{
		name: "a secret of another shape", before: func(_ *testing.T, p *patient) {
			p.value = `{"infobipApiKey":"canary-key","phoneKeys":{},"phoneKey":"1"}`
		},
		check: "secret", status: "fail", found: "the functions cannot use it: ", todo: "otpctl secret set",
		also: []string{"test recipients", "infobip", "application", "template", "messages", "trial account"},
	},
	{
		name: "a secret that is about to go", after: func(t *testing.T, p *patient) {
			_, err := secretsmanager.NewFromConfig(motoConfig(p.moto)).DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &p.secret})
			if err != nil {
				t.Fatal(err)
			}
		},
		check: "secret", status: "fail", found: "scheduled for deletion", todo: "restore-secret",
		also: []string{"test recipients", "infobip", "application", "template", "messages", "trial account"},
	},
	{
		name: "trusted senders without a key", before: func(_ *testing.T, p *patient) {
			p.both("CLIENT_ADDRESS_HEADER", "X-Client-Address")
		},
		check: "secret", status: "warn", found: "there is no origin key", todo: "otpctl secret add-origin-key",
	},
	{
		name: "a table that is gone", after: func(t *testing.T, p *patient) {
			client := dynamodb.NewFromConfig(motoConfig(p.moto))
			_, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
			if err == nil {
				_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &p.table})
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		check: "table", status: "fail", found: "there is no table otp-", todo: "TABLE_NAME", also: []string{"expiry", "backups"},
	},
	{
		name: "items that stay for ever", after: func(t *testing.T, p *patient) { p.expire(t, false) },
		check: "expiry", status: "fail", found: "items do not expire by ttl", todo: "update-time-to-live",
	},
	{
		name: "a table without backups", after: func(t *testing.T, p *patient) { p.backUp(t, false) },
		check: "backups", status: "warn", found: "no point-in-time recovery", todo: "update-continuous-backups",
	},
	{
		name: "a route that is gone", before: func(_ *testing.T, p *patient) {
			p.routes = slices.DeleteFunc(p.routes, func(route string) bool { return route == "POST /resend-otp" })
		},
		check: "routes", status: "fail", found: "there is no route POST /resend-otp", todo: "make build deploy",
	},
	{
		name: "a route past the alias", before: func(_ *testing.T, p *patient) { p.qualifier = "" },
		check: "routes", status: "fail", found: "POST /send-otp leads past the alias live of send", todo: "make build deploy",
	},
	{
		name: "no HTTP API", after: func(_ *testing.T, p *patient) { p.cloud.drop("AWS::ApiGatewayV2::Api") },
		check: "routes", status: "fail", found: "the stack has no HTTP API", todo: "make deploy", also: []string{"throttles", "cors", "log delivery"},
	},
	{
		name: "a route without a throttle", before: func(_ *testing.T, p *patient) { delete(p.throttles, "POST /send-otp") },
		check: "throttles", status: "warn", found: "POST /send-otp has no throttle of its own", todo: "THROTTLE_SEND",
	},
	{
		name: "pages of every origin", before: func(_ *testing.T, p *patient) { p.cors.AllowOrigins = []string{"*"} },
		check: "cors", status: "fail", found: "pages of every origin may call it", todo: "CORS_ORIGINS",
	},
	{
		name: "a header that pages may not send", before: func(_ *testing.T, p *patient) { p.cors.AllowHeaders = []string{"content-type"} },
		check: "cors", status: "fail", found: "pages may not send the header idempotency-key", todo: "make build deploy",
	},
	{
		name: "a log that is kept for ever", before: func(_ *testing.T, p *patient) { p.functions["send"].retention = 0 },
		check: "logs", status: "warn", found: "the log of send is kept for ever", todo: "LOG_RETENTION_DAYS",
	},
	{
		name: "a log group that is gone", before: func(_ *testing.T, p *patient) { p.functions["verify"].retention = -1 },
		check: "logs", status: "fail", found: "the log group of verify is gone", todo: "make build deploy",
	},
	{
		name: "no room for a log policy", after: func(t *testing.T, p *patient) {
			p.dropLogPolicies(t, "delivery-"+p.table)
			for i := range 10 {
				p.logPolicy(t, fmt.Sprintf("policy-%d-%s", i, p.table), "es.amazonaws.com")
			}
		},
		check: "log delivery", status: "fail", found: "all 10 resource policies of the region are used", todo: "describe-resource-policies",
	},
	{
		name: "another key than is published", before: func(t *testing.T, p *patient) {
			p.functions["verify"].environment["PROOF_KEY"] = newKey(t, p.moto, kmstypes.KeyUsageTypeSignVerify)
			p.functions["discovery"].environment["PROOF_KEY"] = p.functions["verify"].environment["PROOF_KEY"]
		},
		check: "documents", status: "fail", found: "the key that signs is not published", todo: "PROOF_ISSUER",
	},
	{
		name: "a key that cannot sign", before: func(t *testing.T, p *patient) {
			p.functions["verify"].environment["PROOF_KEY"] = newKey(t, p.moto, kmstypes.KeyUsageTypeEncryptDecrypt)
			p.functions["discovery"].environment["PROOF_KEY"] = p.functions["verify"].environment["PROOF_KEY"]
		},
		check: "proof keys", status: "fail", found: "the key that signs: ", todo: "look at the key in KMS", also: []string{"documents"},
	},
	{
		name: "an issuer that leads nowhere", before: func(_ *testing.T, p *patient) {
			p.functions["verify"].environment["PROOF_ISSUER"] = "http://127.0.0.1:1"
			p.functions["discovery"].environment["PROOF_ISSUER"] = "http://127.0.0.1:1"
		},
		check: "documents", status: "fail", found: "http://127.0.0.1:1: verifiers cannot load the keys", todo: "PROOF_ISSUER",
	},
	{
		name: "an API key that Infobip does not take", before: func(_ *testing.T, p *patient) {
			p.value = strings.Replace(p.value, harness.SimulatorKey, "canary-wrong-key", 1)
		},
		check: "infobip", status: "fail", found: "Infobip does not take the key of the secret", todo: "otpctl secret set",
		also: []string{"application", "template", "messages", "trial account"},
	},
	{
		name: "another application", before: func(_ *testing.T, p *patient) { p.both("INFOBIP_2FA_APP_ID", "ANOTHER") },
		check: "infobip", status: "fail", found: "the account has no application ANOTHER", todo: "otpctl provision",
		also: []string{"application", "template", "messages", "trial account"},
	},
	{
		name: "an address that nobody has", before: func(_ *testing.T, p *patient) { p.both("INFOBIP_BASE_URL", "http://127.0.0.1:1") },
		check: "infobip", status: "fail", found: "Infobip cannot be reached", todo: "INFOBIP_BASE_URL",
		also: []string{"application", "template", "messages", "trial account"},
	},
	{
		name: "limits of Infobip's below ours", after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "", map[string]any{"name": "weak", "enabled": true, "configuration": map[string]any{
				"pinAttempts": 3, "allowMultiplePinVerifications": false, "pinTimeToLive": "5m", "verifyPinLimit": "1/3s",
				"sendPinPerApplicationLimit": "10000/1d", "sendPinPerPhoneNumberLimit": "3/1d",
			}})
		},
		check: "application", status: "fail", found: "pin-attempts 3 is below twice PIN_ATTEMPTS (5)", todo: "otpctl provision",
	},
	{
		name: "an application that is switched off", after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "", map[string]any{"name": "off", "enabled": false})
		},
		check: "application", status: "fail", found: "it is switched off", todo: "otpctl provision",
	},
	{
		name: "another length of PIN", after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "/messages/"+p.simulator.MessageID, map[string]any{"messageText": "{{pin}}", "pinType": "NUMERIC", "pinLength": 4})
		},
		check: "template", status: "fail", found: "its PINs have not the 6 digits", todo: "otpctl provision",
	},
	{
		name: "text of another language", before: func(t *testing.T, p *patient) { p.speaks(t) }, after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "/messages/"+p.listed(t, "sms/de"), map[string]any{"messageText": "{{pin}} es tu código.{{ending}}{{pin}}", "language": "es"})
		},
		check: "messages", status: "warn", found: `sms/de is not as messages.yaml has it: messageText: "{{pin}} es tu código.{{ending}}{{pin}}" -> "{{pin}} ist Ihr Code.{{ending}}{{pin}}", language: es -> de`, todo: "otpctl provision --messages",
	},
	{
		name: "a call in another language", before: func(t *testing.T, p *patient) { p.speaks(t) }, after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "/messages/"+p.listed(t, "voice/*"), map[string]any{"language": "pt_br"})
		},
		check: "messages", status: "warn", found: "voice/en is not as messages.yaml has it: language: pt_br -> en", todo: "otpctl provision --messages",
	},
	{
		name: "e-mails of four digits", before: func(t *testing.T, p *patient) { p.speaks(t) }, after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "/email/messages/"+p.listed(t, "email/*"), map[string]any{"pinLength": 4})
		},
		check: "messages", status: "fail", found: "email/*: its PINs have not the 6 digits of PIN_LENGTH", todo: "otpctl provision",
	},
	{
		name: "a template that is gone", before: func(t *testing.T, p *patient) { p.speaks(t); p.list(t, "sms/de", "NOWHERE") },
		check: "messages", status: "fail", found: "sms/de is the template NOWHERE, which the application does not have (the account has no such template): such sends fail", todo: "otpctl provision --messages",
	},
	{
		name: "a template of another application", before: func(t *testing.T, p *patient) { p.speaks(t); p.list(t, "voice/*", p.foreign(t)) },
		check: "messages", status: "fail", found: ", which the application does not have (it is one of the application ", todo: "otpctl provision --messages",
	},
	{
		name: "a template of another kind", before: func(t *testing.T, p *patient) { p.speaks(t); p.list(t, "sms/de", p.listed(t, "email/*")) },
		check: "messages", status: "fail", found: ", which is one of another kind: such sends fail", todo: "otpctl provision --messages",
	},
	{
		name: "a channel without a message", before: func(t *testing.T, p *patient) { p.speaks(t); p.list(t, "email/*", "") },
		check: "messages", status: "fail", found: "send does not start: INFOBIP_2FA_MESSAGES must have email/*: CHANNELS offers email", todo: "otpctl provision --messages",
	},
	{
		name: "no message for calls, and an address that nobody has", before: func(t *testing.T, p *patient) {
			p.speaks(t)
			p.list(t, "voice/*", "")
			p.withoutTheOneTemplate()
			p.both("INFOBIP_BASE_URL", "http://127.0.0.1:1")
		},
		check: "messages", status: "fail", found: "send does not start: INFOBIP_2FA_MSG_ID must be set, or INFOBIP_2FA_MESSAGES have voice/*: CHANNELS offers voice", todo: "otpctl provision --messages",
		also: []string{"infobip", "email resends", "application", "template", "trial account"},
	},
	{
		name: "a language that was not deployed", before: func(t *testing.T, p *patient) { p.speaks(t); p.list(t, "sms/de", "") },
		check: "messages", status: "warn", found: "messages.yaml has sms/de, which the functions do not know", todo: "make deploy",
	},
	{
		name: "a language that was taken out of the file", before: func(t *testing.T, p *patient) { p.speaks(t) }, after: func(t *testing.T, p *patient) {
			p.write(t, strings.Replace(threeChannels, "  de: \"{{pin}} ist Ihr Code.\"\n", "", 1))
		},
		check: "messages", status: "warn", found: "sms/de is not in messages.yaml", todo: "write it into the file again",
	},
	{
		name: "a file with a fault", before: func(t *testing.T, p *patient) { p.speaks(t) }, after: func(t *testing.T, p *patient) { p.write(t, "default: en\n") },
		check: "messages", status: "warn", found: "messages.yaml has 1 fault, the first at 1:1: ", todo: "otpctl messages lint",
	},
	{
		name: "another host than the file's", before: func(t *testing.T, p *patient) {
			p.speaks(t)
			p.functions["send"].environment["INFOBIP_SMS_ENDING"] = `\n@old.example.com #`
		},
		check: "messages", status: "warn", found: `INFOBIP_SMS_ENDING is "\\n@old.example.com #", and messages.yaml makes it "\\n@example.com #"`, todo: "make deploy",
	},
	{
		name: "an ending that nobody fills", before: func(t *testing.T, p *patient) {
			p.speaks(t)
			p.functions["send"].environment["INFOBIP_SMS_ENDING"] = ""
		},
		check: "messages", status: "fail", found: "sms/*: its text has {{ending}}, and the functions have no INFOBIP_SMS_ENDING: people read the placeholder", todo: "make deploy",
	},
	{
		name: "senders that the file has not", before: func(t *testing.T, p *patient) {
			p.speaks(t)
			p.functions["send"].environment["INFOBIP_SENDERS"] = "CA=18335550100"
		},
		check: "messages", status: "warn", found: `INFOBIP_SENDERS is "CA=18335550100", and messages.yaml makes it "US=18335550100"`, todo: "make deploy",
	},
	{
		name: "a long message", after: func(t *testing.T, p *patient) {
			p.configure(t, http.MethodPut, "/messages/"+p.simulator.MessageID, map[string]any{
				"messageText": "{{pin}} это ваш код подтверждения, никому его не сообщайте и никому не показывайте", "pinType": "NUMERIC", "pinLength": 6,
			})
		},
		check: "template", status: "warn", found: "a message takes 2 segments (UCS-2)", todo: "shorten it",
	},
}

func newKey(t *testing.T, moto string, usage kmstypes.KeyUsageType) string {
	t.Helper()
	made, err := kms.NewFromConfig(motoConfig(moto)).CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecRsa2048, KeyUsage: usage})
	if err != nil {
		t.Fatal(err)
	}
	return *made.KeyMetadata.Arn
}
