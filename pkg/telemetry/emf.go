package telemetry

import (
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Target is where metrics go: a namespace of CloudWatch, and the value of the one
// dimension that they have, Stage. Each combination of values of dimensions is billed as a
// metric of its own, so what tells requests apart stands in the log line and in no dimension.
type Target struct{ Namespace, Stage string }

// Check returns what is missing. Without a namespace there are no metrics, and no stage is
// needed.
func (t Target) Check() error {
	if t.Namespace != "" && t.Stage == "" {
		return errors.New("STAGE must be set: METRICS_NAMESPACE is, and it is the dimension of every metric")
	}
	return nil
}

// Measured is what one request measured. The zero Measured is nothing.
type Measured struct {
	set    set
	values [len(metrics)]float64
}

// set is a set of metrics, a bit for each ID.
type set uint32

func (s set) has(id ID) bool { return s>>id&1 == 1 }

// Set gives a metric its value.
func (m *Measured) Set(id ID, value float64) {
	m.set |= 1 << id
	m.values[id] = value
}

// Zero gives metrics a zero.
func (m *Measured) Zero(ids ...ID) {
	for _, id := range ids {
		m.Set(id, 0)
	}
}

// Count counts one.
func (m *Measured) Count(id ID) { m.Set(id, 1) }

// Emitter makes a line of the log a record of metrics too, in CloudWatch's embedded metric
// format: CloudWatch Logs takes the values out of the line, so that a metric costs no call
// and no permission. It is safe for concurrent use; a nil Emitter adds nothing.
type Emitter struct {
	target Target

	mu sync.Mutex
	// directives for each set of metrics that a line had. There are as many as there are
	// ways for a request to end, a few dozen.
	directives map[set]slog.Value
}

// NewEmitter returns the emitter to a target, nil for one without a namespace or a stage.
func NewEmitter(t Target) *Emitter {
	if t.Namespace == "" || t.Stage == "" {
		return nil
	}
	return &Emitter{target: t, directives: map[set]slog.Value{}}
}

// Append adds the members that make a line a record of what was measured at a moment.
func (e *Emitter) Append(line []slog.Attr, at time.Time, m *Measured) []slog.Attr {
	if e == nil {
		return line
	}
	line = append(line,
		slog.Attr{Key: "_aws", Value: slog.GroupValue(
			slog.Int64("Timestamp", at.UnixMilli()), slog.Attr{Key: "CloudWatchMetrics", Value: e.directive(m.set)},
		)},
		slog.String(dimension, e.target.Stage))
	for id := range ID(len(metrics)) {
		if m.set.has(id) {
			line = append(line, number(metrics[id].Name, m.values[id]))
		}
	}
	return line
}

// number is a member; a whole one as an integer, which is written without an allocation.
func number(name string, value float64) slog.Attr {
	if whole := int64(value); float64(whole) == value {
		return slog.Int64(name, whole)
	}
	return slog.Float64(name, value)
}

const dimension = "Stage"

// encodedJSON is written as it stands. A pointer to one allocates nothing on its way into
// a line, as a json.RawMessage does.
type encodedJSON struct{ text []byte }

func (e *encodedJSON) MarshalJSON() ([]byte, error) { return e.text, nil }

// directive tells CloudWatch which members of the line are metrics.
func (e *Emitter) directive(s set) slog.Value {
	e.mu.Lock()
	defer e.mu.Unlock()
	if value, ok := e.directives[s]; ok {
		return value
	}
	type definition struct {
		Name string
		Unit Unit
	}
	definitions := []definition{}
	for id := range ID(len(metrics)) {
		if s.has(id) {
			definitions = append(definitions, definition{metrics[id].Name, metrics[id].Unit})
		}
	}
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []definition
	}
	encoded, err := json.Marshal([]directive{{e.target.Namespace, [][]string{{dimension}}, definitions}})
	if err != nil {
		panic("telemetry: texts do not marshal") // a mistake of ours
	}
	value := slog.AnyValue(&encodedJSON{encoded})
	e.directives[s] = value
	return value
}
