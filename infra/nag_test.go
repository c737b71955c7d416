package infra_test

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/seed-a131a524/infobip-otp/infra"
	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// TestNag runs cdk-nag's AwsSolutions rules and reads their report: a finding without a
// suppression fails, and so does one whose reason says nothing.
func TestNag(t *testing.T) {
	for name, d := range map[string]deployment{
		"development": development(t), "production": production(t), "domain": ownDomain(t), "domain without a zone": zoneless(t), "backends": backends(t),
	} {
		t.Run(name, func(t *testing.T) { checkNag(t, d.props) })
	}
}

func checkNag(t *testing.T, p props.Props) {
	t.Helper()
	dir := t.TempDir()
	app := infra.NewApp(dir)
	stack, _, err := infra.NewStack(app, p)
	if err != nil {
		t.Fatal(err)
	}
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	app.Synth(nil)

	// Between the pack's name and the stack's stands the app's, which is empty.
	file, err := os.Open(filepath.Clean(filepath.Join(dir, "AwsSolutions--"+*stack.StackName()+"-NagReport.csv")))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(file).ReadAll()
	err = errors.Join(err, file.Close())
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, row := range rows[1:] {
		rule, resource, compliance, reason := row[0], row[1], row[2], row[3]
		counts[compliance]++
		switch {
		case compliance == "Non-Compliant" || compliance == "UNKNOWN":
			t.Errorf("%s: %s finds %s: %s", resource, rule, compliance, row[5])
		case compliance == "Suppressed" && len(strings.Fields(reason)) < 5:
			t.Errorf("%s: %s is suppressed with the reason %q: say why", resource, rule, reason)
		}
	}
	t.Logf("cdk-nag: %v", counts)
	if counts["Compliant"] == 0 {
		t.Error("no rule found anything compliant: the rules did not run")
	}
}
