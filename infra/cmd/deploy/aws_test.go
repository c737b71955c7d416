package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// cloud answers in the place of AWS. As [ready] makes it, nothing stands in the way of a
// deployment; each test spoils one thing.
type cloud struct {
	refuses     string   // code with which STS refuses the credentials
	forbids     []string // operations that the role may not call
	bootstrap   string   // version; empty where there is none
	status      string   // of the stack; empty where there is none
	protected   bool
	template    string   // of the stack
	resources   []string // of the stack: logical id, type, physical id
	concurrency int      // quota of parallel executions
	unreserved  int      // of them
	reserves    map[string]int
	rate        int // of API Gateway; its bucket holds half of it
	deleteFails bool

	aliases  map[string]string // of functions: the version each names
	versions []string          // of each function
	releases map[string]string // what the description of a version, or of one function's, names; a release of its number otherwise
	moves    int               // of aliases that are taken, before the next is refused; none for all

	calls []string // operations that change something
}

func ready() *cloud {
	return &cloud{bootstrap: "30", concurrency: 1000, unreserved: 1000, rate: 10000, template: "{}"}
}

// start returns the variable that leads a program here.
func (c *cloud) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.answer(t, w, r, string(body))
	}))
	t.Cleanup(server.Close)
	return "AWS_ENDPOINT_URL=" + server.URL
}

// operationOf names the operation of a request in any of AWS's protocols.
func operationOf(r *http.Request, body string) string {
	if _, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return name
	}
	for pair := range strings.SplitSeq(body, "&") {
		if name, ok := strings.CutPrefix(pair, "Action="); ok {
			return name
		}
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/account-settings"), strings.HasSuffix(r.URL.Path, "/account-settings/"):
		return "GetAccountSettings"
	case strings.HasSuffix(r.URL.Path, "/concurrency"):
		return "GetFunctionConcurrency"
	case strings.HasSuffix(r.URL.Path, "/aliases/live") && r.Method == http.MethodGet:
		return "GetAlias"
	case strings.HasSuffix(r.URL.Path, "/aliases/live"):
		return "UpdateAlias"
	case strings.HasSuffix(r.URL.Path, "/versions"):
		return "ListVersions"
	case r.URL.Path == "/account":
		return "GetAccount"
	}
	return r.Method + " " + r.URL.Path
}

// functionOf is the function that a request to Lambda is about.
func functionOf(r *http.Request) string {
	_, rest, _ := strings.Cut(r.URL.Path, "/functions/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func (c *cloud) answer(t *testing.T, w http.ResponseWriter, r *http.Request, body string) {
	t.Helper()
	operation := operationOf(r, body)
	say := func(status int, kind, text string) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, err := io.WriteString(w, text)
		if err != nil {
			t.Error(err)
		}
	}
	xml := func(result string) {
		say(http.StatusOK, "text/xml", fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, result))
	}
	refuse := func(code, message string) {
		say(http.StatusBadRequest, "text/xml", "<ErrorResponse><Error><Code>"+code+"</Code><Message>"+message+"</Message></Error></ErrorResponse>")
	}
	json := func(format string, args ...any) {
		say(http.StatusOK, "application/json", fmt.Sprintf(format, args...))
	}
	refuseJSON := func(code string) {
		w.Header().Set("X-Amzn-ErrorType", code)
		say(http.StatusBadRequest, "application/json", `{"__type":"`+code+`","message":"no words"}`)
	}
	if slices.Contains(c.forbids, operation) {
		if strings.HasPrefix(body, "Action=") || strings.Contains(body, "&Action=") {
			refuse("AccessDenied", "no words")
		} else {
			refuseJSON("AccessDeniedException")
		}
		return
	}
	switch operation {
	case "GetCallerIdentity":
		if c.refuses != "" {
			refuse(c.refuses, "no words")
			return
		}
		xml("<Account>123456789012</Account>")
	case "GetParameter":
		if c.bootstrap == "" {
			refuseJSON("ParameterNotFound")
			return
		}
		json(`{"Parameter":{"Name":"/cdk-bootstrap/hnb659fds/version","Value":%q}}`, c.bootstrap)
	case "DescribeStacks":
		if c.status == "" {
			refuse("ValidationError", "Stack with id infobip-otp-development does not exist")
			return
		}
		xml(fmt.Sprintf("<Stacks><member><StackName>infobip-otp-development</StackName><StackId>arn:aws:cloudformation:eu-central-1:123456789012:stack/a/b</StackId>"+
			"<StackStatus>%s</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><EnableTerminationProtection>%t</EnableTerminationProtection></member></Stacks>", c.status, c.protected))
	case "ListStackResources":
		if c.status == "" {
			refuse("ValidationError", "Stack with id infobip-otp-development does not exist")
			return
		}
		var members strings.Builder
		for line := range slices.Values(c.resources) {
			part := strings.Fields(line)
			fmt.Fprintf(&members, "<member><LogicalResourceId>%s</LogicalResourceId><ResourceType>%s</ResourceType><PhysicalResourceId>%s</PhysicalResourceId>"+
				"<ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>", part[0], part[1], part[2])
		}
		xml("<StackResourceSummaries>" + members.String() + "</StackResourceSummaries>")
	case "GetAlias":
		json(`{"Name":"live","FunctionVersion":%q}`, c.aliases[functionOf(r)])
	case "ListVersions":
		var list []string
		for _, version := range append([]string{"$LATEST"}, c.versions...) {
			release := cmp.Or(c.releases[functionOf(r)+" "+version], fmt.Sprintf("Release %012s.", version))
			list = append(list, fmt.Sprintf(`{"FunctionName":%q,"Version":%q,"Description":"Does something. %s"}`, functionOf(r), version, release))
		}
		json(`{"Versions":[%s]}`, strings.Join(list, ","))
	case "UpdateAlias":
		if c.moves > 0 && len(c.calls) == c.moves {
			refuseJSON("TooManyRequestsException")
			return
		}
		c.calls = append(c.calls, functionOf(r)+" "+body)
		json(`{"Name":"live"}`)
	case "GetTemplate":
		xml("<TemplateBody>" + c.template + "</TemplateBody>")
	case "DeleteStack":
		c.calls = append(c.calls, operation)
		c.status = "DELETE_COMPLETE"
		if c.deleteFails {
			c.status = "DELETE_FAILED"
		}
		xml("")
	case "GetAccountSettings":
		json(`{"AccountLimit":{"ConcurrentExecutions":%d,"UnreservedConcurrentExecutions":%d}}`, c.concurrency, c.unreserved)
	case "GetFunctionConcurrency":
		json(`{"ReservedConcurrentExecutions":%d}`, c.reserves[strings.Split(r.URL.Path, "/")[3]])
	case "GetAccount":
		json(`{"throttleSettings":{"rateLimit":%d,"burstLimit":%d}}`, c.rate, c.rate/2)
	default:
		t.Errorf("nobody expects %s", operation)
		w.WriteHeader(http.StatusNotImplemented)
	}
}
