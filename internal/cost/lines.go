package cost

import (
	"fmt"
	"math"
)

// Design is what the cost of a request depends on in the stack.
type Design struct {
	MemoryMB float64
	// SystemLines: Lambda logs the start and the end of each request too.
	SystemLines bool
	// AccessLine is a line of the access log, in bytes.
	AccessLine float64
}

// Now is the stack as it is, and Before as it was with 256 MB, Lambda's own lines at INFO, and
// four more members in the access log.
var (
	Now    = Design{MemoryMB: 128, AccessLine: AccessLine}
	Before = Design{MemoryMB: 256, SystemLines: true, AccessLine: 280}
)

// Target is what a million verified numbers may cost at most, without the lines that stand apart.
const Target = 10.0

// Line is a part of the bill, in US dollars for a million verified numbers.
type Line struct {
	Name string
	USD  float64
	What string
}

// Total sums lines.
func Total(lines []Line) float64 {
	sum := 0.0
	for _, l := range lines {
		sum += l.USD
	}
	return sum
}

const (
	kilo        = 1000.0
	requests    = 2.0 // a send and a verify
	daysOfMonth = 30.0
	hoursOfDay  = 24.0
	minutes     = 60.0
)

// gigabytes of a million times so many bytes. They are decimal: AWS's own are 7 % larger.
func gigabytes(bytes float64) float64 { return bytes / kilo }

func (s Spent) cost() float64 { return s.Write*WriteUnit.USD + s.Read*ReadUnit.USD }

// computing is the cost of a million times so many milliseconds of waiting and of CPU time.
func (d Design) computing(wait, cpu float64) float64 {
	const megabytes = 1024 // in a GB, by which Lambda counts
	return d.billed(wait, cpu) / kilo * d.MemoryMB / megabytes * GBSecond.USD
}

// billed is how long a function takes that has only its part of a CPU, in milliseconds.
func (d Design) billed(wait, cpu float64) float64 { return wait + cpu*memoryOfOneCPU/d.MemoryMB }

// SlowerSend is how much longer a send takes than with a whole CPU, in milliseconds.
func (d Design) SlowerSend() float64 { return d.billed(-sendCPU, sendCPU) }

// SlowerVerify is the same of a verify.
func (d Design) SlowerVerify() float64 { return d.billed(-verifyCPU, verifyCPU) }

// logging is the cost of so many bytes in so many events, kept for a month.
func logging(bytes, events float64) float64 {
	return gigabytes(bytes+events*eventOverhead) * (LogIngestion.USD + LogStorage.USD)
}

// starts of environments, for a verified number.
const starts = coldShare * requests

// Time is the line of the functions' time.
func (d Design) Time() Line {
	const (
		waited = requests*(roundTrips*roundTrip+providerTime) + starts*initTime
		cpu    = sendCPU + verifyCPU
	)
	return Line{"functions, time", d.computing(waited, cpu), fmt.Sprintf("%.0f ms in all, of %.0f MB", d.billed(waited, cpu), d.MemoryMB)}
}

// Lines are those of a service with every limit of the guard off.
func (d Design) Lines() []Line {
	bytes, events := SendLine+VerifyLine+requests*d.AccessLine, 2*requests
	if d.SystemLines {
		bytes, events = bytes+requests*(startLine+reportLine), 4*requests
	}
	refreshes := environments * minutes / secretReadEvery * hoursOfDay * daysOfMonth / million
	return []Line{
		{"DynamoDB", Send.add(Verify).cost(), "6 write and 3 read units"},
		{"API Gateway", requests * APIRequest.USD, "2 requests"},
		d.Time(),
		{"functions, requests", requests * Invocation.USD, "2 requests"},
		{"logs", logging(bytes, events), fmt.Sprintf("%.0f bytes in %.0f lines, kept for a month", bytes+events*eventOverhead, events)},
		{"secret, reads", (starts + refreshes) * SecretCall.USD, "each start of an environment, and every 15 minutes"},
		{"table, storage and backup", gigabytes(itemBytes) * keptDays / daysOfMonth * (TableStorage.USD + TableBackup.USD), "an item for four days"},
	}
}

// Traces is what X-Ray costs at so many verified numbers a month, for a million of them.
func Traces(month float64) Line {
	perSecond := requests * month / (daysOfMonth * busyHours * minutes * minutes)
	// Requests come as they like: a second has at least one with this probability.
	first := 1 - math.Exp(-perSecond)
	const sampled = 0.05
	share := (first + sampled*(perSecond-first)) / perSecond
	return Line{"tracing (`TRACING`)", share * requests * Trace.USD, "X-Ray: the first request of a second, and 5 % of the others"}
}

// guard is what strangers may not cost, and what that costs.
func (d Design) guard() Line {
	spent := GuardedSend.add(GuardedVerify).less(Send.add(Verify))
	usd := spent.cost() + d.computing(roundTrip, guardSendCPU+guardVerifyCPU) + logging(GuardedLine-SendLine, 0)
	return Line{"guard", usd, "8 write and 3 read units, and what it says in the log"}
}

func (d Design) proof() Line {
	return Line{"proof", Signature.USD + d.computing(signingTime, 0), "a signature of KMS"}
}

// Apart are the lines that a service has as it chooses, at a million a month.
func (d Design) Apart() []Line {
	return []Line{
		d.guard(), d.proof(),
		{"front door", requests * (EdgeRequest.USD + WebRequest.USD), "CloudFront and AWS WAF, 2 requests each"},
		Traces(million),
		{"data to the internet", gigabytes(ProviderBytes+ClientBytes+requests*apiHeaders) * Outgoing.USD, "beyond the 100 GB a month that every account has free: some 19 million verified numbers"},
	}
}

// Deployed is what a million costs as the stack is deployed where nothing is chosen: with the
// guard and with proofs.
func (d Design) Deployed() float64 { return Total(d.Lines()) + d.guard().USD + d.proof().USD }

// Fixed are the lines of a month in which nobody comes, in US dollars a month.
func Fixed() []Line {
	return []Line{
		{"metrics of a stage", float64(Metrics()) * Metric.USD, fmt.Sprintf("%d at most; one that is not emitted in an hour is not paid in it", Metrics())},
		{"alarms", AlarmMetrics * AlarmMetric.USD, fmt.Sprintf("they read %d metrics; `ALARM_CONCURRENCY` adds one", AlarmMetrics)},
		{"dashboard", Dashboard.USD, ""},
		{"secret", Secret.USD, ""},
	}
}

// FixedApart are the lines of a month that a service has as it chooses.
func FixedApart() []Line {
	return []Line{
		{"key of proofs", Key.USD, "each of `PROOF_STACK_KEYS`"},
		{"KMS keys of your own", Key.USD, "each, for table, logs or secret; and 3.00 a million calls, of which services save most"},
		{"front door", WebACL.USD + rules*WebRule.USD, "a web ACL with its one rule"},
	}
}

// Example is a month of a service.
type Example struct {
	Verified float64
	// Cold is the share of its requests that start an environment: of a few a day all do.
	Cold float64
}

// Examples are the months of the documents. The shares are assumed.
func Examples() []Example { return []Example{{1_000, 1}, {100_000, 0.1}, {million, coldShare}} }

// Month is what the verified numbers of an example cost, without the lines that stand apart. The
// month itself costs Fixed.
func (d Design) Month(e Example) float64 {
	more := (e.Cold - coldShare) * requests
	per := Total(d.Lines()) + d.computing(more*initTime, 0) + more*SecretCall.USD
	return per * e.Verified / million
}
