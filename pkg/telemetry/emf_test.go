package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

var (
	target = telemetry.Target{Namespace: "InfobipOTP", Stage: "production"}
	moment = time.Date(2026, 11, 27, 9, 30, 0, 0, time.UTC)
)

// record returns the line that an emitter makes of what was measured.
func record(t *testing.T, e *telemetry.Emitter, m *telemetry.Measured) map[string]any {
	t.Helper()
	var out bytes.Buffer
	telemetry.NewLogger(&out, "").LogAttrs(t.Context(), slog.LevelInfo, "request", e.Append(nil, moment, m)...)
	line := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q is not JSON: %v", out.String(), err)
	}
	delete(line, "timestamp")
	return line
}

func TestRecord(t *testing.T) {
	var m telemetry.Measured
	m.Count(telemetry.Requests)
	m.Count(telemetry.SendsOK)
	m.Set(telemetry.ProviderTime, 120.5)
	want := map[string]any{
		"level": "INFO", "message": "request",
		"_aws": map[string]any{
			"Timestamp": float64(moment.UnixMilli()),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace": "InfobipOTP", "Dimensions": []any{[]any{"Stage"}},
				"Metrics": []any{
					map[string]any{"Name": "Requests", "Unit": "Count"},
					map[string]any{"Name": "SendsOK", "Unit": "Count"},
					map[string]any{"Name": "ProviderTime", "Unit": "Milliseconds"},
				},
			}},
		},
		"Stage": "production", "Requests": 1.0, "SendsOK": 1.0, "ProviderTime": 120.5,
	}
	e := telemetry.NewEmitter(target)
	for range 2 { // the second time from what is kept
		if diff := cmp.Diff(want, record(t, e, &m)); diff != "" {
			t.Errorf("the record differs (-want +got):\n%s", diff)
		}
	}
}

// schema returns the rules of CloudWatch's embedded metric format.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	const file = "testdata/emf.schema.json"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(file, document); err != nil {
		t.Fatal(err)
	}
	return compiler.MustCompile(file)
}

// TestSchema: every metric's record keeps the rules that CloudWatch publishes, and every
// member that a record refers to is there.
func TestSchema(t *testing.T) {
	rules := schema(t)
	var all telemetry.Measured
	for id, metric := range telemetry.Metrics() {
		all.Count(telemetry.ID(id))
		if got := telemetry.ID(id).Metric(); got != metric {
			t.Errorf("metric %d is %v and %v", id, got, metric)
		}
	}
	line := record(t, telemetry.NewEmitter(target), &all)
	if err := rules.Validate(line); err != nil {
		t.Errorf("CloudWatch would not take the record: %v", err)
	}
	for _, metric := range telemetry.Metrics() {
		if line[metric.Name] != 1.0 {
			t.Errorf("%s is %v at the root, want 1", metric.Name, line[metric.Name])
		}
	}
	for name, broken := range map[string]string{
		"no metadata":      `{}`,
		"no timestamp":     `{"_aws":{"CloudWatchMetrics":[]}}`,
		"time as text":     `{"_aws":{"Timestamp":"1","CloudWatchMetrics":[]}}`,
		"no namespace":     `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"","Dimensions":[["Stage"]],"Metrics":[{"Name":"a"}]}]}}`,
		"no metric at all": `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["Stage"]],"Metrics":[]}]}}`,
		"a flat dimension": `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":["Stage"],"Metrics":[{"Name":"a"}]}]}}`,
		"a unit of ours":   `{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["Stage"]],"Metrics":[{"Name":"a","Unit":"Miles"}]}]}}`,
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(broken))
		if err != nil {
			t.Fatal(err)
		}
		if rules.Validate(document) == nil {
			t.Errorf("%s: the rules let it pass, so they show nothing", name)
		}
	}
}

// TestNoTarget: without a namespace a line is no record, and a namespace needs a stage.
func TestNoTarget(t *testing.T) {
	var m telemetry.Measured
	m.Count(telemetry.Requests)
	for _, none := range []telemetry.Target{{}, {Stage: "production"}, {Namespace: "InfobipOTP"}} {
		if got := record(t, telemetry.NewEmitter(none), &m); len(got) != 2 {
			t.Errorf("%v emits %v", none, got)
		}
		err := none.Check()
		if refused := none.Namespace != ""; (err != nil) != refused || refused && !strings.HasPrefix(err.Error(), "STAGE must be set") {
			t.Errorf("%v: %v", none, err)
		}
	}
	if err := target.Check(); err != nil {
		t.Error(err)
	}
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	e := telemetry.NewEmitter(target)
	var group sync.WaitGroup
	for id := range telemetry.Metrics() {
		group.Go(func() {
			var m telemetry.Measured
			m.Count(telemetry.ID(id))
			if line := e.Append(nil, moment, &m); len(line) != 3 {
				t.Errorf("metric %d: %v", id, line)
			}
		})
	}
	group.Wait()
}

// TestUnfiltered: a level keeps back other lines, not those of requests.
func TestUnfiltered(t *testing.T) {
	var out bytes.Buffer
	logger := telemetry.NewLogger(&out, "FATAL").With("function", "send")
	logger.Info("other")
	telemetry.Unfiltered(logger).Info("request")
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"message":"request","function":"send"`) {
		t.Errorf("got %q, want the request's line alone", got)
	}
	if foreign := slog.New(slog.DiscardHandler); telemetry.Unfiltered(foreign) != foreign {
		t.Error("a logger of others is changed")
	}
}
