package watch

import "github.com/seed-a131a524/infobip-otp/pkg/telemetry"

// Widget is one graph of the dashboard.
type Widget struct {
	Title   string
	Series  []Series
	Stacked bool
	// Seconds of a point.
	Seconds int
}

// Row is a line of the dashboard, and the question that it answers.
type Row struct {
	Question string
	Widgets  []Widget
}

func sums(ids ...telemetry.ID) []Series {
	var series []Series
	for _, id := range ids {
		series = append(series, sum("", id))
	}
	return series
}

// Dashboard returns the rows of the one screen that on call looks at first.
func Dashboard() []Row {
	provider := telemetry.ProviderTime.Metric().Name
	return []Row{
		{"Are people getting through?", []Widget{
			{Title: "Sends", Stacked: true, Seconds: 5 * minute, Series: sums(telemetry.SendsOK, telemetry.SendsFailed, telemetry.SendsUnconfirmed, telemetry.SendsThrottled, telemetry.SendsStopped)},
			{Title: "Verifies", Stacked: true, Seconds: 5 * minute, Series: sums(telemetry.VerifiesOK, telemetry.VerifiesWrong, telemetry.VerifiesFailed)},
			{Title: "Infobip's time", Seconds: 5 * minute, Series: []Series{{"", Stage, provider, "p50"}, {"", Stage, provider, "p95"}, {"", Stage, provider, "p99"}}},
			{Title: "Trouble", Stacked: true, Seconds: 5 * minute, Series: append(
				sums(telemetry.Unavailable, telemetry.Unrecorded, telemetry.SecretUnreadable, telemetry.SigningFailed, telemetry.Conflicts),
				Series{"", API, "5xx", "Sum"}, Series{"", AccessLog, "GatewayFailed", "Sum"})},
		}},
		{"What does it cost?", []Widget{
			{Title: "SPEND_LIMIT used, %", Seconds: 5 * minute, Series: []Series{{"", Stage, telemetry.SpendLimitUsed.Metric().Name, "Maximum"}}},
			{Title: "Sends a day, verified ones beside them", Seconds: day, Series: sums(telemetry.SendsOK, telemetry.SendsUnconfirmed, telemetry.VerifiesOK)},
		}},
		{"Who is attacking?", []Widget{
			{Title: "Refusals", Stacked: true, Seconds: 5 * minute, Series: append(sums(
				telemetry.RefusedByAddress, telemetry.RefusedByNumber, telemetry.RefusedByAllowance, telemetry.RefusedByBudget, telemetry.RefusedByOrigin,
			), Series{"", AccessLog, "GatewayThrottled", "Sum"})},
			{Title: "Guesses and closed numbers", Seconds: 5 * minute, Series: sums(telemetry.VerifiesWrong, telemetry.NumbersDisabled)},
			{Title: "Requests, those of test recipients beside them", Seconds: 5 * minute, Series: append(sums(telemetry.Requests, telemetry.TestRequests), Series{"", API, "Count", "Sum"})},
		}},
	}
}
