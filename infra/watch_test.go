package infra_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/watch"
)

func options(d deployment) watch.Options {
	o := watch.Options{DailyCap: d.props.Alarms.ProviderDailyCap}
	if c := d.props.Alarms.Concurrency; c != nil {
		o.Concurrency = *c
	}
	return o
}

// dimensionsOf are the dimensions that each owner's metrics have, in a stage.
func dimensionsOf(stage string, of watch.Of) any {
	one := func(name, value string) any { return []any{object{"Name": name, "Value": value}} }
	switch of {
	case watch.Stage:
		return one("Stage", stage)
	case watch.Send:
		return one("FunctionName", "${SendFunction}")
	case watch.Verify:
		return one("FunctionName", "${VerifyFunction}")
	case watch.Discovery:
		return one("FunctionName", "${DiscoveryFunction}")
	case watch.API:
		return one("ApiId", "${Api}")
	case watch.Table:
		return one("TableName", "${Table}")
	case watch.AccessLog, watch.Account:
	}
	return nil
}

// TestAlarms: each alarm of the table is in the stack as the table has it, and tells the topic.
func TestAlarms(t *testing.T) {
	for _, d := range []deployment{development(t), production(t)} {
		for _, a := range watch.Alarms(options(d)) {
			got := d.properties(t, a.Name+"Alarm", "AWS::CloudWatch::Alarm")
			want := object{
				"AlarmName":          "infobip-otp-" + d.props.Stage + "-" + a.Name,
				"AlarmDescription":   a.Trouble + " docs/operations.md#" + a.Section,
				"ComparisonOperator": "GreaterThanOrEqualToThreshold",
				"Threshold":          a.Threshold, "EvaluationPeriods": float64(a.Periods), "DatapointsToAlarm": float64(a.Breaching),
				"TreatMissingData": "notBreaching", "Metrics": queries(d.props.Stage, a),
			}
			if a.Low {
				want["ComparisonOperator"] = "LessThanThreshold"
			}
			if topic := d.props.Alarms.TopicARN; topic != "" {
				want["AlarmActions"], want["OKActions"] = []any{topic}, []any{topic}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-table +stack):\n%s", d.props.Stage, a.Name, diff)
			}
		}
	}
	if development(t).props.Alarms.TopicARN != "" || production(t).props.Alarms.TopicARN == "" {
		t.Error("no stage without a topic, or none with one")
	}
}

func queries(stage string, a watch.Alarm) []any {
	var list []any
	for _, s := range a.Series {
		name := s.Metric
		if s.Of == watch.AccessLog {
			name += "-" + stage
		}
		metric := object{"Namespace": s.Of.Namespace(), "MetricName": name}
		if dimensions := dimensionsOf(stage, s.Of); dimensions != nil {
			metric["Dimensions"] = dimensions
		}
		list = append(list, object{
			"Id": s.ID, "ReturnData": a.Expression == "",
			"MetricStat": object{"Metric": metric, "Period": float64(a.Seconds), "Stat": s.Stat},
		})
	}
	if a.Expression != "" {
		list = append(list, object{"Id": "result", "Expression": a.Expression, "ReturnData": true})
	}
	return list
}

// TestMetricFilters: they read the access log, whose members they name, and no two stages
// count into one metric.
func TestMetricFilters(t *testing.T) {
	format, _ := development(t).properties(t, "Stage", "AWS::ApiGatewayV2::Stage")["AccessLogSettings"].(object)["Format"].(string)
	for _, d := range []deployment{development(t), production(t)} {
		for _, f := range watch.Filters() {
			want := object{
				"LogGroupName": "${ApiLogs}", "FilterPattern": f.Pattern(),
				"MetricTransformations": []any{object{
					"MetricNamespace": "InfobipOTP", "MetricName": f.Metric + "-" + d.props.Stage, "MetricValue": "1", "Unit": "Count",
				}},
			}
			if diff := cmp.Diff(want, d.properties(t, f.Metric+"Filter", "AWS::Logs::MetricFilter")); diff != "" {
				t.Errorf("%s %s (-table +stack):\n%s", d.props.Stage, f.Metric, diff)
			}
		}
	}
	for _, member := range []string{"status", "integrationStatus", "integrationError"} {
		if !strings.Contains(format, `"`+member+`":"$context.`) {
			t.Errorf("the access log has no %s, as text: %s", member, format)
		}
	}
}

// TestDashboard: it is JSON, on a grid of 24, with every series of the table.
func TestDashboard(t *testing.T) {
	properties := production(t).properties(t, "Dashboard", "AWS::CloudWatch::Dashboard")
	text, _ := properties["DashboardBody"].(string)
	var body struct {
		Widgets []struct {
			Type       string
			X, Width   int
			Properties struct {
				Title   string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil || properties["DashboardName"] != "infobip-otp-production" {
		t.Fatalf("the dashboard %v is no JSON: %v\n%s", properties["DashboardName"], err, text)
	}
	graphs := body.Widgets[:0:0]
	for _, w := range body.Widgets {
		if w.X+w.Width > 24 {
			t.Errorf("%s is beyond the grid", w.Properties.Title)
		}
		if w.Type == "metric" {
			graphs = append(graphs, w)
		}
	}
	i := 0
	for _, row := range watch.Dashboard() {
		for _, widget := range row.Widgets {
			got := graphs[i].Properties
			i++
			if got.Title != widget.Title || len(got.Metrics) != len(widget.Series) {
				t.Errorf("%s has %d series, want %s with %d", got.Title, len(got.Metrics), widget.Title, len(widget.Series))
				continue
			}
			for j, s := range widget.Series {
				metric := got.Metrics[j]
				if metric[0] != s.Of.Namespace() || !strings.HasPrefix(metric[1].(string), s.Metric) || metric[len(metric)-1].(object)["stat"] != s.Stat {
					t.Errorf("%s shows %v in the place of %v", widget.Title, metric, s)
				}
			}
		}
	}
	if i != len(graphs) {
		t.Errorf("there are %d graphs, want %d", len(graphs), i)
	}
}

func TestSavedQueries(t *testing.T) {
	for _, q := range watch.Queries() {
		want := object{
			"Name": "infobip-otp-production/" + q.Name, "QueryString": q.Text, "LogGroupNames": []any{"${SendLogs}", "${VerifyLogs}"},
		}
		if diff := cmp.Diff(want, production(t).properties(t, q.ID+"Query", "AWS::Logs::QueryDefinition")); diff != "" {
			t.Errorf("%s (-table +stack):\n%s", q.Name, diff)
		}
	}
}
