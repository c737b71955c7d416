// Package cost computes what a million verified numbers cost at AWS: one send and one right verify
// each. Prices are in prices.go, what is counted and measured in this file, the arithmetic in
// lines.go. The tests that count and measure (test/dynamodb, test/guard, test/cost, infra) read
// their expectations from here, so that a request that gets dearer is red there, and whoever
// raises a figure moves docs/cost.md with it.
//
// Functions, the stack and its emulators import nothing of it.
package cost

import "github.com/seed-a131a524/infobip-otp/pkg/telemetry"

// Spent is what a request costs in DynamoDB.
type Spent struct {
	Calls       int
	Write, Read float64 // units
}

func (s Spent) add(o Spent) Spent {
	return Spent{s.Calls + o.Calls, s.Write + o.Write, s.Read + o.Read}
}

func (s Spent) less(o Spent) Spent {
	return Spent{s.Calls - o.Calls, s.Write - o.Write, s.Read - o.Read}
}

// What a request spends where nothing conflicts, as test/dynamodb and test/guard count it: with
// every limit of the guard off, and with all of them on. Units are those that AWS charges:
// DynamoDB Local charges none for reading an item that is not there.
var (
	Send          = Spent{Calls: 5, Write: 3, Read: 2}
	Verify        = Spent{Calls: 4, Write: 3, Read: 1}
	GuardedSend   = Spent{Calls: 9, Write: 7, Read: 5}
	GuardedVerify = Spent{Calls: 8, Write: 7, Read: 1}
	// AddressCount is the part of each that counts the client's address.
	AddressCount = Spent{Calls: 1, Write: 1}
)

// Most bytes that a request leaves in the log and sends over the internet. What test/cost and
// infra measure is at most that, and not much less.
const (
	SendLine    = 955 // the function's line, metrics included
	VerifyLine  = 785
	GuardedLine = 1165 // of a send, with what the guard saw
	AccessLine  = 165  // API Gateway's, of an answered request
	// ProviderBytes go to Infobip for a send on a connection of its own and a verify on another
	// one, both of a TLS session that is resumed; ClientBytes are headers and body of the two
	// answers.
	ProviderBytes = 4300
	ClientBytes   = 700
)

// What a stage has before its first request, as infra/watch's tests count it, beside the metrics
// of the functions: metrics of the filters on the access log, and series that alarms read.
const (
	AccessLogMetrics = 2
	AlarmMetrics     = 30
)

// Metrics is how many a stage has at most.
func Metrics() int { return len(telemetry.Metrics()) + AccessLogMetrics }

// PeakMemoryMB is more than a compiled function has at once (test/cost).
const PeakMemoryMB = 32

// Inputs of the model that nobody can count here.
const (
	memoryOfOneCPU = 1769 // MB
	eventOverhead  = 26   // bytes
	startLine      = 240  // bytes
	reportLine     = 300

	sendCPU         = 6.0 // ms
	verifyCPU       = 4.5
	guardSendCPU    = 1.5
	guardVerifyCPU  = 2.0
	roundTrips      = 3
	roundTrip       = 5.0 // ms
	providerTime    = 500.0
	signingTime     = 10.0
	coldShare       = 0.01
	initTime        = 400.0
	busyHours       = 16.0
	environments    = 3
	secretReadEvery = 15.0 // minutes
	keptDays        = 4.0
	itemBytes       = 1024
	proofBytes      = 700
	apiHeaders      = 120
	rules           = 1
)

// Input is a line of the model's inputs.
type Input struct {
	Name   string
	Value  float64
	Unit   string
	Source string
}

// Inputs returns what the model is made of beside counts, in the order of the documents.
func Inputs() []Input {
	const measured = "measured, `go test -run '^$' -bench . ./cost` in `test/`"
	return []Input{
		{"CPU time of a send, of a whole CPU", sendCPU, "ms", measured},
		{"CPU time of a verify", verifyCPU, "ms", measured},
		{"more of it with the guard, of a send", guardSendCPU, "ms", measured},
		{"the same, of a verify", guardVerifyCPU, "ms", measured},
		{"memory that has one CPU; less has its part", memoryOfOneCPU, "MB", "[Lambda's documents](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)"},
		{"round trips to DynamoDB one after another, of either", roundTrips, "", "ARCHITECTURE.md: load, charge, record"},
		{"time of one", roundTrip, "ms", "assumed; AWS says single-digit milliseconds"},
		{"Infobip's answer, connection included", providerTime, "ms", "assumed; yours is the metric `ProviderTime`"},
		{"requests that start an environment", 100 * coldShare, "%", "[AWS on its fleet](https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/): under 1 %"},
		{"time of a start that is billed", initTime, "ms", "assumed: 35 ms of CPU as measured, connections to Infobip and to AWS"},
		{"CloudWatch's own bytes of a log event", eventOverhead, "bytes", "[PutLogEvents](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html)"},
		{"Lambda's `platform.start`, where it is logged", startLine, "bytes", "examples in public logs"},
		{"Lambda's `platform.report`", reportLine, "bytes", "examples in public logs"},
		{"environments that read the secret every 15 minutes", environments, "", "assumed, at a million a month"},
		{"how long an item stays in the table", keptDays, "days", "a day's window; DynamoDB deletes within a few days"},
		{"its size", itemBytes, "bytes", "one write unit at most (test/dynamodb)"},
		{"headers that API Gateway adds to an answer", apiHeaders, "bytes", "assumed"},
		{"a signature of KMS", signingTime, "ms", "assumed"},
		{"hours of a day that requests come in, evenly", busyHours, "", "assumed; for what X-Ray samples: one a second and 5 % of the rest"},
		{"rules of the web ACL", rules, "", "`examples/front-door`"},
	}
}
