package watch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/watch"
	"github.com/seed-a131a524/infobip-otp/internal/cost"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

func alarms() []watch.Alarm { return watch.Alarms(watch.Options{DailyCap: 10_000, Concurrency: 700}) }

// some are n samples of a value, and more behind them.
func some(n int, value float64, more ...float64) []float64 {
	return append(slices.Repeat([]float64{value}, n), more...)
}

// outcome is a metric of n requests, of which some ended so.
func outcome(n, so int) []float64 { return some(so, 1, some(n-so, 0)...) }

// TestAlarms: each goes off on the trouble that it is named for, and one that is just not
// enough leaves it silent.
func TestAlarms(t *testing.T) {
	type periods = []period
	one := func(metric string, samples ...float64) period { return period{metric: samples} }
	cases := map[string]struct{ trouble, quiet periods }{
		"ApiErrors": {
			periods{{"Count": some(20, 1), "5xx": some(2, 1)}, {"Count": some(20, 1)}, {"Count": some(40, 1), "5xx": some(8, 1)}},
			periods{{"Count": some(20, 1), "5xx": some(2, 1)}, {"Count": some(19, 1), "5xx": some(19, 1)}, {"Count": some(100, 1), "5xx": some(9, 1)}},
		},
		"SendThrottled":      {periods{one("Throttles", 0, 1)}, periods{one("Throttles", 0, 0)}},
		"VerifyThrottled":    {periods{one("Throttles", 1)}, periods{one("Throttles", 0)}},
		"DiscoveryThrottled": {periods{one("Throttles", 1)}, periods{one("Throttles", 0)}},
		"SendErrors":         {periods{one("Errors", 0, 1)}, periods{one("Errors", 0, 0)}},
		"VerifyErrors":       {periods{one("Errors", 1)}, periods{one("Errors", 0)}},
		"DiscoveryErrors":    {periods{one("Errors", 1)}, periods{one("Errors", 0)}},
		"SendFailures": {
			periods{one("SendsFailed", outcome(10, 2)...), one("SendsFailed", outcome(10, 10)...)},
			periods{one("SendsFailed", outcome(9, 9)...), one("SendsFailed", outcome(100, 19)...), one("SendsFailed", outcome(10, 10)...)},
		},
		"SendsUnconfirmed": {
			periods{one("SendsUnconfirmed", outcome(10, 1)...), {}, one("SendsUnconfirmed", outcome(10, 1)...)},
			periods{one("SendsUnconfirmed", outcome(100, 9)...), one("SendsUnconfirmed", outcome(100, 9)...), one("SendsUnconfirmed", outcome(10, 1)...)},
		},
		"VerifyFailures": {
			periods{one("VerifiesFailed", outcome(10, 1)...), one("VerifiesFailed", outcome(10, 1)...)},
			periods{one("VerifiesFailed", outcome(100, 9)...), one("VerifiesFailed", outcome(9, 9)...), one("VerifiesFailed", outcome(10, 1)...)},
		},
		"Unrecorded":       {periods{one("Unrecorded", 1)}, periods{{}}},
		"Unavailable":      {periods{one("Unavailable", 1, 1, 1)}, periods{one("Unavailable", 1, 1)}},
		"SecretUnreadable": {periods{one("SecretUnreadable", 1)}, periods{{}}},
		"SigningFailed":    {periods{one("SigningFailed", 1)}, periods{{}}},
		"BudgetExhausted":  {periods{one("RefusedByBudget", 1)}, periods{{}}},
		"ProviderSlow": {
			periods{one("ProviderTime", some(18, 200, 3000, 5000)...), one("ProviderTime", 3100), one("ProviderTime", 4000)},
			periods{one("ProviderTime", some(19, 200, 5000)...), one("ProviderTime", 5000), one("ProviderTime", 5000)},
		},
		"DailyCap": {
			periods{{"SendsOK": outcome(6990, 6990), "SendsUnconfirmed": outcome(7000, 10)}},
			periods{{"SendsOK": outcome(6989, 6989), "SendsUnconfirmed": outcome(7000, 10)}},
		},
		"HalfSpent": {periods{one("SpendLimitUsed", 12, 50)}, periods{one("SpendLimitUsed", 12, 49.9)}},
		"Conversion": {
			periods{{"SendsOK": outcome(30, 30), "VerifiesOK": some(11, 1, some(30, 0)...)}},
			periods{{"SendsOK": outcome(30, 30), "VerifiesOK": some(12, 1, some(30, 0)...)}},
		},
		"NumbersDisabled":      {periods{one("NumbersDisabled", 1, 1, 1)}, periods{one("NumbersDisabled", 1, 1)}},
		"GatewayThrottled":     {periods{one("GatewayThrottled", some(100, 1)...)}, periods{one("GatewayThrottled", some(99, 1)...)}},
		"GatewayFailed":        {periods{one("GatewayFailed", 1, 1, 1)}, periods{one("GatewayFailed", 1, 1)}},
		"TableReadsThrottled":  {periods{one("ReadThrottleEvents", 1)}, periods{{}}},
		"TableWritesThrottled": {periods{one("WriteThrottleEvents", 1)}, periods{{}}},
		"AccountConcurrency": {
			periods{one("ConcurrentExecutions", 700), one("ConcurrentExecutions", 800), one("ConcurrentExecutions", 701)},
			periods{one("ConcurrentExecutions", 900), one("ConcurrentExecutions", 699), one("ConcurrentExecutions", 900)},
		},
	}
	for _, a := range alarms() {
		c, known := cases[a.Name]
		if !known {
			t.Errorf("%s is not tried", a.Name)
			continue
		}
		if !fires(t, a, c.trouble...) {
			t.Errorf("%s stays silent on its trouble", a.Name)
		}
		if fires(t, a, c.quiet...) {
			t.Errorf("%s goes off on less than its trouble", a.Name)
		}
		if fires(t, a, period{}, period{}, period{}) {
			t.Errorf("%s goes off while nobody comes", a.Name)
		}
		delete(cases, a.Name)
	}
	for name := range cases {
		t.Errorf("%s is tried and no alarm", name)
	}
}

// TestAQuietDay: ordinary business, with its ordinary mistakes, wakes nobody.
func TestAQuietDay(t *testing.T) {
	// Five minutes: a hundred sends, of which one fails and 70 are verified, with guesses.
	five := period{
		"Requests": some(300, 1), "Count": some(300, 1), "5xx": some(2, 1), "Throttles": some(300, 0), "Errors": some(300, 0),
		"SendsOK": outcome(100, 99), "SendsFailed": outcome(100, 1), "SendsUnconfirmed": outcome(100, 0), "SendsThrottled": outcome(100, 0),
		"VerifiesOK": outcome(185, 70), "VerifiesWrong": outcome(85, 14), "VerifiesFailed": outcome(85, 1),
		"RefusedByAddress": some(2, 1), "RefusedByNumber": some(5, 1), "RefusedByAllowance": some(1, 1), "Unavailable": some(1, 1), "Conflicts": some(2, 1),
		"ProviderTime": some(180, 300, 900, 1500), "SpendLimitUsed": some(100, 30), "GatewayThrottled": some(5, 1), "ConcurrentExecutions": some(5, 12),
	}
	long := period{"SendsOK": outcome(5000, 4950), "SendsUnconfirmed": outcome(5000, 3), "VerifiesOK": some(3500, 1), "NumbersDisabled": some(1, 1)}
	for _, a := range alarms() {
		p := five
		if a.Seconds > 300 {
			p = long
		}
		if fires(t, a, p, p, p) {
			t.Errorf("%s goes off on a quiet day", a.Name)
		}
	}
}

// awsMetrics are those of AWS that exist, by namespace, as its documents name them.
var awsMetrics = map[string][]string{
	"AWS/Lambda":     {"Errors", "Throttles", "ConcurrentExecutions"},
	"AWS/ApiGateway": {"5xx", "Count"}, // of an HTTP API: those of a REST API are 5XXError
	"AWS/DynamoDB":   {"ReadThrottleEvents", "WriteThrottleEvents"},
}

// emitted reports whether anybody emits the metric of a series.
func emitted(s watch.Series) bool {
	switch s.Of {
	case watch.Stage:
		return slices.ContainsFunc(telemetry.Metrics(), func(m telemetry.Metric) bool { return m.Name == s.Metric })
	case watch.AccessLog:
		return slices.ContainsFunc(watch.Filters(), func(f watch.Filter) bool { return f.Metric == s.Metric })
	}
	return slices.Contains(awsMetrics[s.Of.Namespace()], s.Metric)
}

// TestEveryMetricIsEmitted: what alarms and the dashboard name exists, and whatever the
// functions emit is looked at.
func TestEveryMetricIsEmitted(t *testing.T) {
	seen := map[string]bool{}
	check := func(where string, series []watch.Series) {
		for _, s := range series {
			seen[s.Metric] = true
			if !emitted(s) {
				t.Errorf("%s: nobody emits %s", where, s.Metric)
			}
		}
	}
	for _, a := range alarms() {
		check(a.Name, a.Series)
	}
	for _, row := range watch.Dashboard() {
		for _, w := range row.Widgets {
			check(w.Title, w.Series)
		}
	}
	for _, m := range telemetry.Metrics() {
		if !seen[m.Name] {
			t.Errorf("neither an alarm nor the dashboard shows %s", m.Name)
		}
	}
	if emitted(watch.Series{Of: watch.Stage, Metric: "5XXError"}) || emitted(watch.Series{Of: watch.API, Metric: "5XXError"}) {
		t.Error("a metric of nobody counts as emitted")
	}
}

// TestEveryAlarmHasItsSection in the runbook, and nothing is twice.
func TestEveryAlarmHasItsSection(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]string{}
	for heading := range strings.SplitSeq(string(text), "\n## ") {
		title, body, _ := strings.Cut(heading, "\n")
		anchor := strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(title), ""), " ", "-")
		anchors[anchor] = body
	}
	names := map[string]bool{}
	for _, a := range alarms() {
		body, there := anchors[a.Section]
		if !there {
			t.Errorf("%s: docs/operations.md has no section #%s", a.Name, a.Section)
		}
		for _, part := range []string{"**Means**", "**Look**", "**Do**", "**Stop sending**"} {
			if there && !strings.Contains(body, part) {
				t.Errorf("docs/operations.md #%s does not say %s", a.Section, part)
			}
		}
		if !strings.Contains(body, "`"+a.Name+"`") {
			t.Errorf("docs/operations.md #%s does not name %s", a.Section, a.Name)
		}
		if names[a.Name] || a.Trouble == "" {
			t.Errorf("%s is there twice, or says nothing", a.Name)
		}
		names[a.Name] = true
	}
	sections := map[string]bool{}
	for _, a := range alarms() {
		sections[a.Section] = true
	}
	if len(sections) < 20 {
		t.Errorf("%d troubles have an alarm, want 20", len(sections))
	}
}

// TestCost: at list prices, without what is free, all that watches a stage stays within $15 a
// month, and docs/cost.md counts with what there is. An alarm is billed for each metric that it
// reads.
func TestCost(t *testing.T) {
	const most = 15.00
	read := 0
	for _, a := range watch.Alarms(watch.Options{DailyCap: 10_000}) {
		read += len(a.Series)
	}
	own := len(telemetry.Metrics()) + len(watch.Filters())
	if own != cost.Metrics() || read != cost.AlarmMetrics {
		t.Errorf("there are %d metrics, and alarms that read %d; docs/cost.md counts with %d and %d", own, read, cost.Metrics(), cost.AlarmMetrics)
	}
	// With the alarm that ALARM_CONCURRENCY adds.
	bill := float64(own)*cost.Metric.USD + float64(read+1)*cost.AlarmMetric.USD + cost.Dashboard.USD
	t.Logf("%d metrics, alarms that read %d, a dashboard: $%.2f a month", own, read+1, bill)
	if bill > most {
		t.Errorf("$%.2f a month, want at most $%.2f", bill, most)
	}
}

// TestFilters: answers of API Gateway itself are told from ours.
func TestFilters(t *testing.T) {
	line := func(status, lambda, fault string) map[string]string {
		return map[string]string{"status": status, "integrationStatus": lambda, "integrationError": fault}
	}
	for name, c := range map[string]struct {
		line map[string]string
		want string
	}{
		"a throttle":              {line("429", "-", "-"), "GatewayThrottled"},
		"our own 429":             {line("429", "200", "-"), ""},
		"our own 503":             {line("503", "200", "-"), ""},
		"a function that is off":  {line("503", "429", "Rate Exceeded."), "GatewayFailed"},
		"a function that crashed": {line("500", "200", "The function returned an error."), "GatewayFailed"},
		"no integration":          {line("500", "-", "-"), "GatewayFailed"},
		"a success":               {line("200", "200", "-"), ""},
		"a refusal":               {line("400", "-", "-"), ""},
	} {
		got := ""
		for _, f := range watch.Filters() {
			if f.Matches(c.line) {
				got += f.Metric
			}
		}
		if got != c.want {
			t.Errorf("%s is counted as %q, want %q", name, got, c.want)
		}
	}
	want := []string{
		`{ $.status = "429" && $.integrationStatus = "-" }`,
		`{ $.status = "5*" && ($.integrationStatus != "200" || $.integrationError != "-") }`,
	}
	for i, f := range watch.Filters() {
		if f.Pattern() != want[i] {
			t.Errorf("the pattern of %s is %s, want %s", f.Metric, f.Pattern(), want[i])
		}
	}
}

// TestQueries: what they ask for stands in the lines of requests.
func TestQueries(t *testing.T) {
	source := ""
	for _, file := range []string{"httpapi/log.go", "recipient/recipient.go", "guard/findings.go", "telemetry/metrics.go"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "pkg", file))
		if err != nil {
			t.Fatal(err)
		}
		source += string(text)
	}
	field := regexp.MustCompile(`(?:by|ispresent\(|sum\(|count_distinct\(|filter) ?([A-Za-z.]+)`)
	for _, q := range watch.Queries() {
		found := field.FindAllStringSubmatch(q.Text, -1)
		for _, match := range found {
			name := match[1][strings.LastIndex(match[1], ".")+1:]
			if name != "message" && name != "ispresent" && !strings.Contains(source, `"`+name+`"`) {
				t.Errorf("%s: no line has %s", q.Name, match[1])
			}
		}
		if len(found) < 2 {
			t.Errorf("%s asks for nothing: %s", q.Name, q.Text)
		}
	}
}

// CodeDeploy takes ten alarms at most, and a rollout without one would have no brake. An alarm
// that an hour or a day makes up its mind in would come when it is over.
func TestBrakes(t *testing.T) {
	byName := map[string]watch.Alarm{}
	for _, a := range watch.Alarms(watch.Options{DailyCap: 10000}) {
		byName[a.Name] = a
	}
	for of, want := range map[watch.Of][]string{
		watch.Send:      {"ApiErrors", "SendErrors", "Unrecorded", "Unavailable", "SecretUnreadable", "GatewayFailed"},
		watch.Verify:    {"ApiErrors", "VerifyErrors", "Unrecorded", "Unavailable", "SecretUnreadable", "SigningFailed", "GatewayFailed"},
		watch.Discovery: {"ApiErrors", "DiscoveryErrors", "Unavailable", "SigningFailed", "GatewayFailed"},
	} {
		got := watch.Brakes(of)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("a rollout is braked by (-want +got):\n%s", diff)
		}
		if len(got) > 10 {
			t.Errorf("%d alarms: CodeDeploy takes ten", len(got))
		}
		for _, name := range got {
			if a := byName[name]; a.Seconds > 300 {
				t.Errorf("%s looks at %d seconds, longer than the shortest rollout takes", name, a.Seconds)
			}
		}
	}
}
