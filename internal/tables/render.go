package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/seed-a131a524/infobip-otp/internal/cost"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// file is a file with places for tables.
type file struct {
	name string
	// begin and end make the marks of a place from its name.
	begin, end func(place string) string
	places     map[string]string // what stands in each, without the marks
}

// files returns the files of a repository that have tables.
func files(root string) ([]file, error) {
	read, err := languages(root)
	if err != nil {
		return nil, err
	}
	languages, err := languagesTable(read)
	if err != nil {
		return nil, err
	}
	return []file{
		{name: "README.md", begin: comment("begin"), end: comment("end"), places: map[string]string{
			"settings of a deployment": settingsTable(ofDeployments),
			"settings of local runs":   settingsTable(ofLocalRuns),
		}},
		{name: "docs/api.md", begin: comment("begin"), end: comment("end"), places: map[string]string{
			"refusals": refusalsTable(httpapi.Explanations()),
		}},
		{name: "docs/cost.md", begin: comment("begin"), end: comment("end"), places: map[string]string{
			"a million": millionTable(),
			"apart":     apartTable(),
			"month":     fixedTable(),
			"months":    monthsTable(),
			"more":      linesTable("US dollars a month", cost.FixedApart()),
			"memory":    memoryTable(),
			"inputs":    inputsTable(cost.Inputs()),
			"prices":    pricesTable(cost.Prices()),
		}},
		{name: "docs/deploy.md", begin: comment("begin"), end: comment("end"), places: map[string]string{
			"settings of the stack": settingsTable(ofStacks),
			"metrics":               metricsTable(telemetry.Metrics()),
		}},
		{name: "docs/messages.md", begin: comment("begin"), end: comment("end"), places: map[string]string{
			"languages": languages,
		}},
		{name: "template.yaml", begin: variables("begin"), end: variables("end"), places: map[string]string{
			"settings of the send function":      environment(settings.Send),
			"settings of the verify function":    environment(settings.Verify),
			"settings of the discovery function": environment(settings.Discovery),
		}},
	}, nil
}

const origin = "go generate ./pkg/settings"

// comment makes a mark in Markdown.
func comment(edge string) func(string) string {
	return func(place string) string { return "<!-- " + place + ": " + edge + " (" + origin + ") -->" }
}

// variables makes a mark in template.yaml, at the depth of a function's variables.
func variables(edge string) func(string) string {
	return func(place string) string { return indent + "# " + place + ": " + edge + " (" + origin + ")" }
}

const indent = "          "

// fill puts the tables into their places. Every place has to be there, once.
func (f file) fill(text string) (string, error) {
	for place, content := range f.places {
		begin, end := f.begin(place)+"\n", f.end(place)+"\n"
		if strings.Count(text, begin) != 1 || strings.Count(text, end) != 1 {
			return "", fmt.Errorf("%s does not have the lines %q and %q once each", f.name, strings.TrimSpace(begin), strings.TrimSpace(end))
		}
		before, rest, _ := strings.Cut(text, begin)
		_, after, found := strings.Cut(rest, end)
		if !found {
			return "", fmt.Errorf("%s has the line %q behind the end of its place", f.name, strings.TrimSpace(begin))
		}
		text = before + begin + content + end + after
	}
	return text, nil
}

// ofDeployments are what the functions are told in AWS, by the owner or by the stack.
func ofDeployments(s settings.Setting) bool {
	return s.Handed() || s.ReadBy(settings.Functions) && s.Setter == settings.Deployment
}

// ofLocalRuns are what only a developer sets, or Lambda.
func ofLocalRuns(s settings.Setting) bool { return !ofDeployments(s) && s.Readers != settings.Stack }

// ofStacks are what shapes the stack and reaches no function.
func ofStacks(s settings.Setting) bool {
	return s.ReadBy(settings.Stack) && !s.ReadBy(settings.Functions)
}

func settingsTable(has func(settings.Setting) bool) string {
	var table strings.Builder
	table.WriteString("| name | default | accepted | |\n|---|---|---|---|\n")
	for _, s := range settings.All() {
		if has(s) {
			table.WriteString(row("`"+s.Name+"`", defaultOf(s), s.Kind.Bounds(), s.Sentence))
		}
	}
	return table.String()
}

// row is a line of a table in Markdown.
func row(cells ...string) string {
	line := "|"
	for _, cell := range cells {
		line += strings.TrimRight(" "+cell, " ") + " |"
	}
	return line + "\n"
}

// defaultOf says what a setting is where it is unset.
func defaultOf(s settings.Setting) string {
	if s.Default == "" {
		return s.Unset
	}
	text := "`" + s.Default + "`"
	if s.Laptop != "" {
		text += "; `make run`: `" + s.Laptop + "`"
	}
	return text
}

// known are the settings whose values the template itself has.
var known = map[string]string{
	"TABLE_NAME":         "!Ref Table",
	"SECRET_ID":          "!Ref Secret",
	"INFOBIP_BASE_URL":   "!Ref InfobipBaseUrl",
	"INFOBIP_2FA_APP_ID": "!Ref Infobip2faAppId",
	"INFOBIP_2FA_MSG_ID": "!Ref Infobip2faMsgId",
	"METRICS_NAMESPACE":  "InfobipOTP",
	"STAGE":              "development",
}

// offered are settings of the owner that the template has parameters or resources for.
var offered = map[string]string{
	"PROOF_ISSUER": "!Ref ProofIssuer",
	"PROOF_KEY":    "!If [Proofs, !GetAtt ProofKey1.Arn, '']",
}

// environment lists a function's variables: what it has in a development stage that sets
// nothing, and empty, for --env-vars, whatever else it reads.
func environment(function settings.Program) string {
	var lines strings.Builder
	for _, s := range settings.All() {
		if !s.ReadBy(function) || s.Setter == settings.Platform {
			continue
		}
		value := cmp.Or(offered[s.Name], "'"+s.Default+"'")
		switch s.Setter {
		case settings.Deployment:
			value = known[s.Name]
		case settings.Developer:
			value = "''"
		}
		fmt.Fprintf(&lines, "%s%s: %s\n", indent, s.Name, value)
	}
	return lines.String()
}

func metricsTable(metrics []telemetry.Metric) string {
	if len(metrics) == 0 {
		return "The functions emit no metrics of their own; API Gateway and Lambda count requests, errors and time.\n"
	}
	var table strings.Builder
	table.WriteString("| name | unit | |\n|---|---|---|\n")
	for _, m := range metrics {
		table.WriteString(row("`"+m.Name+"`", string(m.Unit), m.Meaning))
	}
	return table.String()
}

func refusalsTable(explanations []httpapi.Explanation) string {
	var table strings.Builder
	table.WriteString("| status | code | what to do |\n|---|---|---|\n")
	for _, e := range explanations {
		table.WriteString(row(e.Status, "`"+strings.Join(e.Codes, "` `")+"`", e.Advice))
	}
	return table.String()
}
