package deploytest

import (
	"maps"
	"slices"

	"github.com/seed-a131a524/infobip-otp/infra/internal/template"
)

// watching are the types of what is there for on call alone.
var watching = []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::MetricFilter", "AWS::Logs::QueryDefinition"}

// unproven returns all of a template that the emulator cannot show, by name and with the reason. The
// test fails on what is not in the list, and on what is in it and was shown after all.
func unproven(t template.Template) []template.Allowed {
	var list []template.Allowed
	for _, name := range slices.Sorted(maps.Keys(t.Resources)) {
		resource := t.Resources[name]
		if resource.DeletionPolicy != "" {
			list = append(list, template.Allowed{Path: name + ".DeletionPolicy", Reason: "only deleting a stack in AWS shows it"})
		}
		if resource.UpdateReplacePolicy != "" {
			list = append(list, template.Allowed{Path: name + ".UpdateReplacePolicy", Reason: "only replacing a resource in AWS shows it"})
		}
		if slices.Contains(watching, resource.Type) {
			list = append(list, template.Allowed{Path: name + ".", Reason: "moto evaluates no alarm and draws no dashboard: infra/watch tries them on made data points"})
		}
		if resource.UpdatePolicy != nil {
			list = append(list, template.Allowed{Path: name + ".UpdatePolicy.", Reason: "how CloudFormation moves an alias, only a second deployment in AWS shows"})
		}
		switch resource.Type {
		case "AWS::CodeDeploy::DeploymentGroup":
			list = append(list, template.Allowed{Path: name + ".Properties.AlarmConfiguration.", Reason: "moto's CodeDeploy takes alarms and forgets them"})
		case "AWS::Route53::RecordSet":
			list = append(list, template.Allowed{Path: name + ".", Reason: "moto tells no target of a domain, so a record has nothing to point at"})
		case "AWS::Lambda::Function":
			list = append(list, template.Allowed{
				Path: name + ".Properties.LoggingConfig.", Reason: "moto's Lambda takes a logging configuration and forgets it",
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Outputs)) {
		switch {
		case untold(name):
			list = append(list, template.Allowed{Path: "Outputs." + name + ".", Reason: "moto's CloudFormation fails on an output of what it skips, so it was not given this one"})
		case name == "SecretId":
			list = append(list, template.Allowed{Path: "Outputs." + name + ".", Reason: "moto's CloudFormation drops an output of a secret it skips"})
		}
	}
	return list
}
