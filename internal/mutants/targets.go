package main

// verifying and delivering select the tests of pkg/infobip that take no time of their
// own.
const (
	verifying  = "^(TestVerify|TestSimulatorReadings|TestRequestsCannotBeRepeated)"
	delivering = "^(TestSendsDialAnew|TestDeliver|TestAccepts|TestResendPath|TestNotBegun|TestRetryAfter|TestKey|TestVerifyVerdicts|TestVerifyRefusals|TestVerifyRequest)"
	exchanging = "^(TestTransport|TestRequests|TestNotConnected|TestSilent|TestEndless|TestCalls|TestDeliver)"
)

// targets are all files with guards in them.
var targets = []target{
	{file: "pkg/otp/number.go", packages: domain, mutants: numberMutants},
	{file: "pkg/otp/policy.go", packages: domain, mutants: policyMutants},
	{file: "pkg/otp/send.go", packages: domain, mutants: sendMutants},
	{file: "pkg/otp/verify.go", packages: domain, mutants: verifyMutants},
	{file: "pkg/otp/service.go", packages: domain, mutants: serviceMutants},
	{file: "pkg/otp/deliver.go", packages: domain, mutants: deliverMutants},
	{file: "pkg/otp/update.go", packages: domain, mutants: updateMutants},
	{file: "pkg/otp/otptest/enumerate.go", packages: domain, run: "^TestReductionLosesNoOutcome$", mutants: enumerateMutants},

	{file: "pkg/phone/phone.go", packages: phones, run: "^(TestParse|TestNumberDoesNotPrint|TestZero)", mutants: phoneMutants},
	{file: "pkg/pseudonym/pseudonym.go", packages: names, mutants: pseudonymMutants},
	{file: "pkg/secrets/source.go", packages: sources, mutants: secretMutants},
	{file: "pkg/proof/proof.go", packages: proofs, mutants: proofMutants},
	{file: "pkg/proof/published.go", packages: proofs, mutants: publishedMutants},
	{file: "pkg/proof/config.go", packages: proofs, mutants: proofSettingMutants},
	{file: "pkg/proof/awskms/key.go", packages: kmsKeys, mutants: kmsMutants},
	{file: "pkg/awsjson/awsjson.go", packages: calls, mutants: awsCallMutants},
	{file: "pkg/store/dynamodb.go", packages: stores, mutants: dynamoMutants},
	{file: "pkg/store/item.go", packages: stores, mutants: itemMutants},
	{file: "pkg/store/memory.go", packages: stores, mutants: memoryStoreMutants},
	{file: "pkg/ratelimit/ratelimit.go", packages: counters, mutants: counterMutants},
	{file: "pkg/ratelimit/dynamodb.go", packages: counters, mutants: dynamoCounterMutants},
	{file: "pkg/ratelimit/dynamodb.go", dir: "test", packages: []string{"./dynamodb"}, run: "^(TestCounter|TestStaleCounter)$", mutants: realCounterMutants},
	{file: "pkg/ratelimit/memory.go", packages: counters, mutants: memoryCounterMutants},

	{file: "pkg/infobip/verify.go", packages: clients, run: verifying, mutants: verifyAnswerMutants},
	{file: "pkg/infobip/answer.go", packages: clients, run: verifying + "|^TestDeliver", mutants: answerMutants},
	{file: "pkg/infobip/client.go", packages: clients, run: delivering, mutants: clientMutants},
	{file: "pkg/infobip/outcome.go", packages: clients, run: delivering + "|^TestOutcomes", mutants: outcomeMutants},
	{file: "pkg/infobip/refusal.go", packages: clients, run: "^TestOutcomes", mutants: wordMutants},
	{file: "pkg/infobip/connections.go", packages: clients, run: "^(TestSendsDialAnew|TestVerifyKeeps|TestLastUse)", mutants: connectionMutants},
	{file: "pkg/infobip/wire.go", packages: clients, run: exchanging, mutants: wireMutants},

	{file: "pkg/httpapi/body.go", packages: edge, mutants: bodyMutants},
	{file: "pkg/httpapi/gate.go", packages: edge, mutants: gateMutants},
	{file: "pkg/httpapi/routes.go", packages: edge, mutants: routeMutants},
	{file: "pkg/httpapi/handler.go", packages: edge, mutants: handlerMutants},
	{file: "pkg/httpapi/log.go", packages: edge, mutants: logMutants},
	{file: "pkg/httpapi/refusals.go", packages: edge, mutants: refusalMutants},
}
