package watch

import (
	"fmt"
	"strings"
)

// Filter counts lines of the access log that are API Gateway's own answers. A function that was
// called and answered leaves integrationStatus 200 there, whatever its answer's status: that is
// Lambda's. A variable that has no value is written as a hyphen.
type Filter struct {
	// Metric counts the lines. Its name gets the stage ([Filter.MetricOf]), for a filter
	// cannot give a metric a dimension of its own.
	Metric string
	// Status is that of the answer; a star at its end stands for anything.
	Status string
	// Called: what Lambda said must not be "called, and answered". Else it must not have
	// been asked at all.
	Called bool
}

// Filters returns the filters on the access log.
func Filters() []Filter {
	return []Filter{
		{Metric: "GatewayThrottled", Status: "429"},
		{Metric: "GatewayFailed", Status: "5*", Called: true},
	}
}

// MetricOf returns the name of the filter's metric in a stage.
func MetricOf(name, stage string) string { return name + "-" + stage }

// answered is the integrationStatus of a function that was called.
const (
	answered = "200"
	none     = "-"
)

// Pattern returns the filter in the syntax of CloudWatch Logs.
func (f Filter) Pattern() string {
	lambda := fmt.Sprintf(`$.integrationStatus = %q`, none)
	if f.Called {
		lambda = fmt.Sprintf(`($.integrationStatus != %q || $.integrationError != %q)`, answered, none)
	}
	return fmt.Sprintf(`{ $.status = %q && %s }`, f.Status, lambda)
}

// Matches reports what the pattern would of a line, by the names of its members.
func (f Filter) Matches(line map[string]string) bool {
	beginning, open := strings.CutSuffix(f.Status, "*")
	if line["status"] != beginning && !(open && strings.HasPrefix(line["status"], beginning)) {
		return false
	}
	if f.Called {
		return line["integrationStatus"] != answered || line["integrationError"] != none
	}
	return line["integrationStatus"] == none
}
