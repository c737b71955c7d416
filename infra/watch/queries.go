package watch

// Query is a saved query of CloudWatch Logs Insights over the functions' logs.
type Query struct{ ID, Name, Text string }

// lines are those of requests.
const lines = `filter message = "request"` + "\n"

// Queries returns the saved queries. What they group by are members of a request's line
// (pkg/httpapi/log.go), in which nobody is named.
func Queries() []Query {
	return []Query{
		{"ByCountry", "by country", lines + `| filter ispresent(region)
| stats sum(SendsOK) as sent, sum(VerifiesOK) as verified, sum(RefusedByAllowance) as refused, sum(RefusedByBudget) as unpaid by region
| sort sent desc`},
		{"ByClient", "by client", lines + `| filter ispresent(guard.client)
| stats count(*) as requests, sum(SendsOK) as sent, count_distinct(number) as numbers, count_distinct(email) as addresses by guard.client, guard.network
| sort requests desc
| limit 50`},
		{"ByRule", "by rule", lines + `| filter status >= 400
| stats count(*) as requests by code, guard.by, region
| sort requests desc
| limit 50`},
		{"OneRequest", "one request", lines + `| filter apiRequestId = "PUT THE ID HERE"
| sort @timestamp asc`},
	}
}
