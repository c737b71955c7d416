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
)

// Metrics returns every metric, in the order of the documents. There is none yet: API
// Gateway and Lambda count requests, errors and time by themselves.
func Metrics() []Metric { return metrics[:] }

var metrics = [...]Metric{}
