package telemetry

// Metric declares one metric. What is emitted, and what documents and alarms name, is
// held to the table by tests.
type Metric struct {
	Name string
	Unit Unit
	// Meaning explains it in the table of docs/deploy.md.
	Meaning string
}

// Unit is a unit of CloudWatch.
type Unit string

// The units that metrics have.
const (
	Count        Unit = "Count"
	Milliseconds Unit = "Milliseconds"
	Percent      Unit = "Percent"
)

// ID names a metric of the table.
type ID int

// The metrics. A repeat under an Idempotency-Key counts neither a send nor a success.
const (
	Requests ID = iota
	SendsOK
	SendsFailed
	SendsUnconfirmed
	SendsThrottled
	SendsStopped
	VerifiesOK
	VerifiesWrong
	VerifiesFailed
	RefusedByAddress
	RefusedByNumber
	RefusedByAllowance
	RefusedByBudget
	RefusedByOrigin
	Unavailable
	Unrecorded
	SecretUnreadable
	SigningFailed
	NumbersDisabled
	Conflicts
	ProviderTime
	SpendLimitUsed
	TestRequests
)

// Metrics returns every metric, in the order of the documents.
func Metrics() []Metric { return metrics[:] }

// Metric returns the declaration of a metric.
func (id ID) Metric() Metric { return metrics[id] }

var metrics = [...]Metric{
	Requests:           {"Requests", Count, "requests that reached a function, wrong forms among them"},
	SendsOK:            {"SendsOK", Count, "sends and resends that Infobip took, and that can be verified"},
	SendsFailed:        {"SendsFailed", Count, "sends that Infobip was asked for and certainly did not make"},
	SendsUnconfirmed:   {"SendsUnconfirmed", Count, "sends of which nobody knows whether a message is out"},
	SendsThrottled:     {"SendsThrottled", Count, "sends that Infobip refused for its own limits"},
	SendsStopped:       {"SendsStopped", Count, "sends refused by an operator's stop (`otpctl guard stop`)"},
	VerifiesOK:         {"VerifiesOK", Count, "verifications; with a proof that could not be signed too"},
	VerifiesWrong:      {"VerifiesWrong", Count, "verifies answered 401: wrong, expired, used up or never sent"},
	VerifiesFailed:     {"VerifiesFailed", Count, "verifies to which Infobip had no answer"},
	RefusedByAddress:   {"RefusedByAddress", Count, "requests over the limit of their client's address"},
	RefusedByNumber:    {"RefusedByNumber", Count, "requests over the limits, or within the pauses, of one number"},
	RefusedByAllowance: {"RefusedByAllowance", Count, "sends for which a network, a prefix, a region or the service had no room, asked for a challenge or refused"},
	RefusedByBudget:    {"RefusedByBudget", Count, "sends for which there was no money"},
	RefusedByOrigin:    {"RefusedByOrigin", Count, "requests that went past CloudFront or the backend"},
	Unavailable:        {"Unavailable", Count, "requests that ended because the table, the secret or a key of proofs could not be reached"},
	Unrecorded:         {"Unrecorded", Count, "outcomes that were not saved: a code that nobody can verify, a right PIN that did not count"},
	SecretUnreadable:   {"SecretUnreadable", Count, "requests that ended because the secret could not be read, or has not its form"},
	SigningFailed:      {"SigningFailed", Count, "proofs that KMS did not sign, and key sets that it did not give"},
	NumbersDisabled:    {"NumbersDisabled", Count, "numbers closed for too many failures in a row"},
	Conflicts:          {"Conflicts", Count, "saves that another request for the same number got ahead of"},
	ProviderTime:       {"ProviderTime", Milliseconds, "how long Infobip took to answer"},
	SpendLimitUsed:     {"SpendLimitUsed", Percent, "what was spent of `SPEND_LIMIT` when a send asked, in percent of what its sender may spend (a stranger: four fifths of the limit)"},
	TestRequests:       {"TestRequests", Count, "sends and verifies of test recipients, which nobody was asked about; among the metrics of sends and verifies they are not"},
}
