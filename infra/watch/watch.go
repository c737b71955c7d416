// Package watch says what on call is told about a deployment: the alarms, the dashboard and
// the saved queries of a stage, as data. It imports no CDK, so that each alarm is tried on
// made data points in a test; package infra places them.
package watch

import (
	"slices"

	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// Namespace is that of what the functions measure, and of the filters on the access log. All
// stages share it; the dimension Stage tells them apart.
const Namespace = "InfobipOTP"

// Of says whose metric a series is, and with that its dimensions.
type Of int

// The owners of metrics.
const (
	Stage     Of = iota // ours, by the dimension Stage
	AccessLog           // ours, of a filter on the access log; the name has the stage
	Send                // the three functions, by AWS/Lambda
	Verify
	Discovery
	API     // the HTTP API, by AWS/ApiGateway
	Table   // the table, by AWS/DynamoDB
	Account // the account, by AWS/Lambda without a dimension
)

// Namespace returns the namespace of an owner's metrics.
func (o Of) Namespace() string {
	switch o {
	case Send, Verify, Discovery, Account:
		return "AWS/Lambda"
	case API:
		return "AWS/ApiGateway"
	case Table:
		return "AWS/DynamoDB"
	case Stage, AccessLog:
	}
	return Namespace
}

// Series is a metric by one statistic, one value for each period.
type Series struct {
	ID     string // in an Expression
	Of     Of
	Metric string
	Stat   string // Sum, Average, Maximum, SampleCount, p95
}

// sum returns a sum of a metric of ours.
func sum(id string, m telemetry.ID) Series { return Series{id, Stage, m.Metric().Name, "Sum"} }

// The series of a share: whether a request ended so, as 0 or 1, and of how many.
func share(m telemetry.ID) []Series {
	name := m.Metric().Name
	return []Series{{"share", Stage, name, "Average"}, {"asked", Stage, name, "SampleCount"}}
}

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// Alarm goes off while Breaching of the last Periods have a value at or above Threshold (or,
// where it is Low, below it). A period without data is a quiet one.
type Alarm struct {
	Name string
	// Section is the anchor of what to do, in docs/operations.md.
	Section string
	// Trouble is what the alarm says has happened.
	Trouble string
	// Brakes are the functions whose gradual deployment it stops ([Brakes]).
	Brakes []Of

	Series []Series
	// Expression of metric math over the series; empty for the one series there is.
	Expression string

	Threshold          float64
	Low                bool
	Seconds            int // of a period
	Periods, Breaching int
}

// Options are what an owner sets.
type Options struct {
	// DailyCap is how many sends a day Infobip makes at most for the application.
	DailyCap int
	// Concurrency of the whole account from which on an alarm goes off; 0 for none, since it
	// is not the stage's alone.
	Concurrency int
}

// Shares need some requests before they mean anything.
const (
	fewSends    = "10"
	fewRequests = "20"
	someSends   = "30"
	percentOf   = "100 * share"
)

// Alarms returns the alarms of a stage.
func Alarms(o Options) []Alarm {
	alarms := []Alarm{
		{
			Name: "ApiErrors", Section: "api-errors", Trouble: "At least a tenth of all requests ended in a 5xx.",
			Brakes: []Of{Send, Verify, Discovery},
			// Documents say that 5xx is a count, and not that it is 0 for what went well.
			Series:     []Series{{"errors", API, "5xx", "Sum"}, {"asked", API, "Count", "Sum"}},
			Expression: "IF(asked >= " + fewRequests + ", 100 * errors / asked, 0)", Threshold: 10, Seconds: 5 * minute, Periods: 3, Breaching: 2,
		},
		throttled("Send", Send), throttled("Verify", Verify), throttled("Discovery", Discovery),
		failing("Send", Send), failing("Verify", Verify), failing("Discovery", Discovery),
		{
			Name: "SendFailures", Section: "sends-fail", Trouble: "Infobip certainly did not make at least a fifth of the sends that it was asked for.",
			Series:     share(telemetry.SendsFailed),
			Expression: "IF(asked >= " + fewSends + ", " + percentOf + ", 0)", Threshold: 20, Seconds: 5 * minute, Periods: 3, Breaching: 2,
		},
		{
			Name: "SendsUnconfirmed", Section: "sends-unconfirmed", Trouble: "Of at least a tenth of the sends nobody knows whether the message is out.",
			Series:     share(telemetry.SendsUnconfirmed),
			Expression: "IF(asked >= " + fewSends + ", " + percentOf + ", 0)", Threshold: 10, Seconds: 5 * minute, Periods: 3, Breaching: 2,
		},
		{
			Name: "VerifyFailures", Section: "verifies-fail", Trouble: "Infobip had no answer to at least a tenth of the verifies.",
			Series:     share(telemetry.VerifiesFailed),
			Expression: "IF(asked >= " + fewSends + ", " + percentOf + ", 0)", Threshold: 10, Seconds: 5 * minute, Periods: 3, Breaching: 2,
		},
		single("Unrecorded", "unrecorded-outcomes", "An outcome was not saved: somebody holds a code that cannot be verified, or a right PIN did not count.", telemetry.Unrecorded, 1).braking(Send, Verify),
		single("Unavailable", "unavailable", "The table, the secret or a key could not be reached.", telemetry.Unavailable, 3).braking(Send, Verify, Discovery),
		single("SecretUnreadable", "secret-unreadable", "The secret could not be read, or has not its form: nothing is sent or verified.", telemetry.SecretUnreadable, 1).braking(Send, Verify),
		single("SigningFailed", "signing-fails", "KMS did not sign a proof, or did not give a key that is published.", telemetry.SigningFailed, 1).braking(Verify, Discovery),
		single("BudgetExhausted", "budget-exhausted", "SPEND_LIMIT, or a region's, is used up: sends are refused.", telemetry.RefusedByBudget, 1),
		{
			Name: "ProviderSlow", Section: "provider-slow", Trouble: "One in twenty calls to Infobip takes three seconds or more, for a quarter of an hour.",
			Series:    []Series{{"slow", Stage, telemetry.ProviderTime.Metric().Name, "p95"}},
			Threshold: 3000, Seconds: 5 * minute, Periods: 3, Breaching: 3,
		},
		{
			Name: "DailyCap", Section: "daily-cap", Trouble: "70 % of the sends that Infobip makes for the application in a day are made.",
			Series:     []Series{sum("sent", telemetry.SendsOK), sum("lost", telemetry.SendsUnconfirmed)},
			Expression: "sent + lost", Threshold: float64(o.DailyCap) * 7 / 10, Seconds: day, Periods: 1, Breaching: 1,
		},
		{
			Name: "HalfSpent", Section: "half-spent", Trouble: "Half of what a sender may spend of SPEND_LIMIT is spent.",
			Series:    []Series{{"used", Stage, telemetry.SpendLimitUsed.Metric().Name, "Maximum"}},
			Threshold: 50, Seconds: 5 * minute, Periods: 1, Breaching: 1,
		},
		{
			Name: "Conversion", Section: "low-conversion", Trouble: "Fewer than 40 in 100 sends of an hour were verified: somebody may be paid for what you send.",
			Series:     []Series{sum("sent", telemetry.SendsOK), sum("verified", telemetry.VerifiesOK)},
			Expression: "IF(sent >= " + someSends + ", 100 * verified / sent, 100)", Threshold: 40, Low: true, Seconds: hour, Periods: 1, Breaching: 1,
		},
		{
			Name: "NumbersDisabled", Section: "guessing", Trouble: "Three or more numbers were closed within an hour for too many failures in a row.",
			Series:    []Series{sum("closed", telemetry.NumbersDisabled)},
			Threshold: 3, Seconds: hour, Periods: 1, Breaching: 1,
		},
		accessLog("GatewayThrottled", "gateway-throttles", "API Gateway refused 100 requests within five minutes before a function saw them.", 100),
		accessLog("GatewayFailed", "gateway-fails", "API Gateway answered 5xx by itself: a function did not answer, or was not there.", 3).braking(Send, Verify, Discovery),
		{
			Name: "TableReadsThrottled", Section: "table-throttles", Trouble: "DynamoDB throttled reads of the table.",
			Series: []Series{{"throttled", Table, "ReadThrottleEvents", "Sum"}}, Threshold: 1, Seconds: 5 * minute, Periods: 1, Breaching: 1,
		},
		{
			Name: "TableWritesThrottled", Section: "table-throttles", Trouble: "DynamoDB throttled writes to the table.",
			Series: []Series{{"throttled", Table, "WriteThrottleEvents", "Sum"}}, Threshold: 1, Seconds: 5 * minute, Periods: 1, Breaching: 1,
		},
	}
	if o.Concurrency > 0 {
		alarms = append(alarms, Alarm{
			Name: "AccountConcurrency", Section: "account-concurrency", Trouble: "The functions of the account, yours and others, run as many at once as ALARM_CONCURRENCY says.",
			Series:    []Series{{"running", Account, "ConcurrentExecutions", "Maximum"}},
			Threshold: float64(o.Concurrency), Seconds: minute, Periods: 3, Breaching: 3,
		})
	}
	return alarms
}

func throttled(name string, of Of) Alarm {
	return Alarm{
		Name: name + "Throttled", Section: "function-throttles", Trouble: "Lambda had no room to run the function.",
		Series: []Series{{"throttled", of, "Throttles", "Sum"}}, Threshold: 1, Seconds: 5 * minute, Periods: 1, Breaching: 1,
	}
}

func failing(name string, of Of) Alarm {
	return Alarm{
		Name: name + "Errors", Section: "function-errors", Trouble: "The function ended without an answer: it did not start, ran out of time or of memory, or crashed.",
		Series: []Series{{"errors", of, "Errors", "Sum"}}, Threshold: 1, Seconds: 5 * minute, Periods: 1, Breaching: 1,
		Brakes: []Of{of},
	}
}

// braking returns the alarm as one that stops the gradual deployment of the functions.
func (a Alarm) braking(functions ...Of) Alarm {
	a.Brakes = functions
	return a
}

// Brakes returns the names of the alarms that stop a function's gradual deployment: those that a
// version which does not work sets off, within the minutes that a tenth of the requests are its
// own. Not among them are shares of what Infobip answers, which a tenth of the requests hardly
// moves and an outage of Infobip's does; throttling, money and guesses, of which a version is
// innocent; and what takes an hour or a day to show.
func Brakes(of Of) []string {
	var names []string
	for _, a := range Alarms(Options{}) {
		if slices.Contains(a.Brakes, of) {
			names = append(names, a.Name)
		}
	}
	return names
}

// single goes off when a metric of ours counts so many within five minutes.
func single(name, section, trouble string, m telemetry.ID, threshold float64) Alarm {
	return Alarm{
		Name: name, Section: section, Trouble: trouble,
		Series: []Series{sum("count", m)}, Threshold: threshold, Seconds: 5 * minute, Periods: 1, Breaching: 1,
	}
}

func accessLog(name, section, trouble string, threshold float64) Alarm {
	return Alarm{
		Name: name, Section: section, Trouble: trouble,
		Series: []Series{{"count", AccessLog, name, "Sum"}}, Threshold: threshold, Seconds: 5 * minute, Periods: 1, Breaching: 1,
	}
}
