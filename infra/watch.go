package infra

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/infra/watch"
)

// watcher places what package watch says of a stage.
type watcher struct {
	scope   constructs.Construct
	props   props.Props
	service *Service
}

// addWatch places the alarms, the dashboard, the filters on the access log and the saved
// queries. It returns the alarms by their names. What AWS measures of a function is of all its
// versions and aliases together.
func addWatch(scope constructs.Construct, p props.Props, s *Service) map[string]awscloudwatch.CfnAlarm {
	w := watcher{scope, p, s}
	for _, f := range watch.Filters() {
		w.filter(f, s.AccessLog)
	}
	options := watch.Options{DailyCap: p.Alarms.ProviderDailyCap}
	if p.Alarms.Concurrency != nil {
		options.Concurrency = *p.Alarms.Concurrency
	}
	alarms := map[string]awscloudwatch.CfnAlarm{}
	for _, a := range watch.Alarms(options) {
		alarms[a.Name] = w.alarm(a)
	}
	w.dashboard(watch.Dashboard())
	for _, q := range watch.Queries() {
		w.query(q)
	}
	return alarms
}

// name is that of the stack, as a rule, and what else tells apart what bears it.
func (w watcher) name(more string) *string {
	return jsii.String(StackName(w.props.Stage) + more)
}

func (w watcher) filter(f watch.Filter, logs awslogs.LogGroup) {
	awslogs.NewCfnMetricFilter(w.scope, jsii.String(f.Metric+"Filter"), &awslogs.CfnMetricFilterProps{
		LogGroupName:  logs.LogGroupName(),
		FilterPattern: jsii.String(f.Pattern()),
		MetricTransformations: []any{&awslogs.CfnMetricFilter_MetricTransformationProperty{
			MetricNamespace: jsii.String(watch.Namespace),
			MetricName:      jsii.String(watch.MetricOf(f.Metric, w.props.Stage)),
			MetricValue:     jsii.String("1"),
			Unit:            jsii.String("Count"),
		}},
	})
}

func (w watcher) alarm(a watch.Alarm) awscloudwatch.CfnAlarm {
	alarm := &awscloudwatch.CfnAlarmProps{
		AlarmName:          w.name("-" + a.Name),
		AlarmDescription:   jsii.String(a.Trouble + " docs/operations.md#" + a.Section),
		ComparisonOperator: jsii.String("GreaterThanOrEqualToThreshold"),
		Threshold:          jsii.Number(a.Threshold),
		EvaluationPeriods:  jsii.Number(a.Periods),
		DatapointsToAlarm:  jsii.Number(a.Breaching),
		TreatMissingData:   jsii.String("notBreaching"),
	}
	if a.Low {
		alarm.ComparisonOperator = jsii.String("LessThanThreshold")
	}
	if topic := w.props.Alarms.TopicARN; topic != "" {
		alarm.AlarmActions, alarm.OkActions = &[]any{topic}, &[]any{topic}
	}
	expression := a.Expression
	if expression == "" {
		expression = a.Series[0].ID
	}
	// An expression that is a name alone would be no expression: the series is the result.
	single := expression == a.Series[0].ID
	var queries []any
	for _, s := range a.Series {
		queries = append(queries, &awscloudwatch.CfnAlarm_MetricDataQueryProperty{
			Id: jsii.String(s.ID), ReturnData: jsii.Bool(single),
			MetricStat: &awscloudwatch.CfnAlarm_MetricStatProperty{
				Metric: &awscloudwatch.CfnAlarm_MetricProperty{
					Namespace: jsii.String(s.Of.Namespace()), MetricName: w.metric(s), Dimensions: w.dimensions(s.Of),
				},
				Period: jsii.Number(a.Seconds), Stat: jsii.String(s.Stat),
			},
		})
	}
	if !single {
		queries = append(queries, &awscloudwatch.CfnAlarm_MetricDataQueryProperty{
			Id: jsii.String("result"), Expression: jsii.String(expression), ReturnData: jsii.Bool(true),
		})
	}
	alarm.Metrics = queries
	return awscloudwatch.NewCfnAlarm(w.scope, jsii.String(a.Name+"Alarm"), alarm)
}

// metric returns the name of a series' metric.
func (w watcher) metric(s watch.Series) *string {
	if s.Of == watch.AccessLog {
		return jsii.String(watch.MetricOf(s.Metric, w.props.Stage))
	}
	return jsii.String(s.Metric)
}

// dimension returns the one dimension of an owner's metrics, and its value; empty without one.
func (w watcher) dimension(of watch.Of) (string, *string) {
	function := func(f awslambda.Function) (string, *string) { return "FunctionName", f.FunctionName() }
	switch of {
	case watch.Stage:
		return "Stage", jsii.String(w.props.Stage)
	case watch.Send:
		return function(w.service.Send)
	case watch.Verify:
		return function(w.service.Verify)
	case watch.Discovery:
		return function(w.service.Discovery)
	case watch.API:
		return "ApiId", w.service.API.ApiId()
	case watch.Table:
		return "TableName", w.service.Table.TableName()
	case watch.AccessLog, watch.Account:
	}
	return "", nil
}

func (w watcher) dimensions(of watch.Of) any {
	name, value := w.dimension(of)
	if name == "" {
		return nil
	}
	return []any{&awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String(name), Value: value}}
}

// The dashboard's grid is 24 units wide.
const (
	gridWidth    = 24
	textHeight   = 1
	widgetHeight = 6
)

func (w watcher) dashboard(rows []watch.Row) {
	region := awscdk.Stack_Of(w.scope).Region()
	var widgets []any
	y := 0
	for _, row := range rows {
		widgets = append(widgets, map[string]any{
			"type": "text", "x": 0, "y": y, "width": gridWidth, "height": textHeight,
			"properties": map[string]any{"markdown": "## " + row.Question},
		})
		y += textHeight
		width := gridWidth / len(row.Widgets)
		for i, graph := range row.Widgets {
			widgets = append(widgets, map[string]any{
				"type": "metric", "x": i * width, "y": y, "width": width, "height": widgetHeight,
				"properties": map[string]any{
					"title": graph.Title, "region": region, "view": "timeSeries", "stacked": graph.Stacked,
					"period": graph.Seconds, "metrics": w.graph(graph.Series),
				},
			})
		}
		y += widgetHeight
	}
	awscloudwatch.NewCfnDashboard(w.scope, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: w.name(""),
		DashboardBody: awscdk.Stack_Of(w.scope).ToJsonString(map[string]any{"widgets": widgets}, nil),
	})
}

// graph writes series as a dashboard has them: namespace, metric, dimension, value, options.
func (w watcher) graph(series []watch.Series) []any {
	var metrics []any
	for _, s := range series {
		metric := []any{s.Of.Namespace(), *w.metric(s)}
		if name, value := w.dimension(s.Of); name != "" {
			metric = append(metric, name, *value)
		}
		label := s.Metric
		if strings.HasPrefix(s.Stat, "p") {
			label = fmt.Sprintf("%s %s", s.Metric, s.Stat)
		}
		metrics = append(metrics, append(metric, map[string]any{"stat": s.Stat, "label": label}))
	}
	return metrics
}

func (w watcher) query(q watch.Query) {
	awslogs.NewCfnQueryDefinition(w.scope, jsii.String(q.ID+"Query"), &awslogs.CfnQueryDefinitionProps{
		Name:          w.name("/" + q.Name),
		QueryString:   jsii.String(q.Text),
		LogGroupNames: &[]any{w.service.Send.LogGroup().LogGroupName(), w.service.Verify.LogGroup().LogGroupName()},
	})
}
