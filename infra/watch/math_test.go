package watch_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-a131a524/infobip-otp/infra/watch"
)

// period is what was measured in one period: samples, by metric.
type period map[string][]float64

// statistic returns what CloudWatch makes of samples. Of none there is nothing.
func statistic(tb testing.TB, name string, samples []float64) (float64, bool) {
	tb.Helper()
	if len(samples) == 0 {
		return 0, false
	}
	total := 0.0
	for _, s := range samples {
		total += s
	}
	switch name {
	case "Sum":
		return total, true
	case "Average":
		return total / float64(len(samples)), true
	case "Maximum":
		return slices.Max(samples), true
	case "SampleCount":
		return float64(len(samples)), true
	}
	percentile, err := strconv.Atoi(strings.TrimPrefix(name, "p"))
	if err != nil || percentile < 1 || percentile > 99 {
		tb.Fatalf("CloudWatch has no statistic %q", name)
	}
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[(len(sorted)*percentile+99)/100-1], true
}

// fires reports whether an alarm goes off after these periods, the last of which is the newest.
func fires(tb testing.TB, a watch.Alarm, periods ...period) bool {
	tb.Helper()
	breaching := 0
	for _, p := range periods[max(len(periods)-a.Periods, 0):] {
		values := map[string]float64{}
		for _, s := range a.Series {
			if value, ok := statistic(tb, s.Stat, p[s.Metric]); ok {
				values[s.ID] = value
			}
		}
		expression := a.Expression
		if expression == "" {
			expression = a.Series[0].ID
		}
		value, ok := evaluate(tb, expression, values)
		if ok && (!a.Low && value >= a.Threshold || a.Low && value < a.Threshold) {
			breaching++
		}
	}
	return breaching >= a.Breaching
}

// evaluate computes metric math of one period: numbers, names, + * / >= and IF, which is what
// the alarms use. As in CloudWatch, what needs a name without a value has none itself.
func evaluate(tb testing.TB, expression string, values map[string]float64) (float64, bool) {
	tb.Helper()
	p := &parser{tb: tb, text: expression, values: values}
	value := p.comparison()
	if p.space(); p.text != "" {
		tb.Fatalf("%q: not understood from %q", expression, p.text)
	}
	return value, !math.IsNaN(value)
}

// parser holds what is left of an expression. A value that is missing is a NaN.
type parser struct {
	tb     testing.TB
	text   string
	values map[string]float64
}

func (p *parser) space() { p.text = strings.TrimLeft(p.text, " ") }

func (p *parser) take(token string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.text, token)
	if ok {
		p.text = rest
	}
	return ok
}

func (p *parser) need(token string) {
	if !p.take(token) {
		p.tb.Fatalf("want %q at %q", token, p.text)
	}
}

func (p *parser) comparison() float64 {
	left := p.terms()
	if !p.take(">=") {
		return left
	}
	right := p.terms()
	switch {
	case math.IsNaN(left + right):
		return math.NaN()
	case left >= right:
		return 1
	}
	return 0
}

func (p *parser) terms() float64 {
	value := p.factors()
	for p.take("+") {
		value += p.factors()
	}
	return value
}

func (p *parser) factors() float64 {
	value := p.atom()
	for {
		switch {
		case p.take("*"):
			value *= p.atom()
		case p.take("/"):
			value /= p.atom()
		default:
			return value
		}
	}
}

func (p *parser) atom() float64 {
	if p.take("IF(") {
		condition := p.comparison()
		p.need(",")
		then := p.comparison()
		p.need(",")
		otherwise := p.comparison()
		p.need(")")
		switch {
		case math.IsNaN(condition):
			return condition
		case condition != 0:
			return then
		}
		return otherwise
	}
	p.space()
	end := strings.IndexFunc(p.text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' })
	if end < 0 {
		end = len(p.text)
	}
	word := p.text[:end]
	p.text = p.text[end:]
	if number, err := strconv.ParseFloat(word, 64); err == nil {
		return number
	}
	value, ok := p.values[word]
	if !ok {
		return math.NaN()
	}
	return value
}

func TestEvaluate(t *testing.T) {
	values := map[string]float64{"share": 0.5, "asked": 20}
	for expression, want := range map[string]string{
		"asked": "20", "100 * share": "50", "IF(asked >= 20, 100 * share, 0)": "50", "IF(asked >= 21, 100 * share, 0)": "0",
		"asked + 2 * 3": "26", "asked / 4 / 5": "1", "gone": "none", "IF(gone >= 1, 1, 2)": "none", "IF(asked >= 1, gone, 2)": "none", "IF(asked >= 21, gone, 2)": "2",
	} {
		value, ok := evaluate(t, expression, values)
		got := fmt.Sprint(value)
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}
