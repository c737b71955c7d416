package otpctl

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// beside answers what moto's APIs do not know, in front of moto: the account's settings and
// the logging configuration in Lambda, and what CloudFormation would list of the resources that
// its CloudFormation skips.
type beside struct {
	concurrency int
	loggings    map[string]map[string]string
	resources   [][3]string // logical id, type, physical id
	status      string      // of the stack, if not moto's own
	forbids     string      // an operation that the role has no permission for
}

func (b *beside) logging(function, format, level, group string) {
	if b.loggings == nil {
		b.loggings = map[string]map[string]string{}
	}
	b.loggings[function] = map[string]string{"LogFormat": format, "ApplicationLogLevel": level, "LogGroup": group}
}

func (b *beside) resource(logical, kind, physical string) {
	b.resources = append(b.resources, [3]string{logical, kind, physical})
}

func (b *beside) start(t *testing.T, moto string) string {
	t.Helper()
	target, err := url.Parse(moto)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }, ModifyResponse: b.complete}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		switch {
		case strings.HasSuffix(r.URL.Path, "/account-settings"):
			fmt.Fprintf(w, `{"AccountLimit":{"ConcurrentExecutions":%d,"UnreservedConcurrentExecutions":%d}}`, b.concurrency, b.concurrency)
		case form.Get("Action") == "ListStackResources":
			b.list(w)
		case b.forbids != "" && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+b.forbids):
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"x#AccessDeniedException","message":"not authorized to perform it"}`)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (b *beside) list(w io.Writer) {
	type member struct {
		LogicalResourceID  string `xml:"LogicalResourceId"`
		PhysicalResourceID string `xml:"PhysicalResourceId"`
		ResourceType       string
		ResourceStatus     string
	}
	var answer struct {
		XMLName xml.Name `xml:"ListStackResourcesResponse"`
		Members []member `xml:"ListStackResourcesResult>StackResourceSummaries>member"`
	}
	for _, r := range b.resources {
		answer.Members = append(answer.Members, member{r[0], r[2], r[1], "CREATE_COMPLETE"})
	}
	_ = xml.NewEncoder(w).Encode(answer)
}

// complete puts back what moto forgets of an answer.
func (b *beside) complete(r *http.Response) error {
	name, isFunction := strings.CutSuffix(r.Request.URL.Path, "/configuration")
	isStack := b.status != "" && strings.Contains(r.Header.Get("Content-Type"), "xml")
	if !isFunction && !isStack {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body.Close()
	if isStack {
		body = bytes.ReplaceAll(body, []byte("<StackStatus>CREATE_COMPLETE<"), []byte("<StackStatus>"+b.status+"<"))
	} else {
		members := map[string]any{}
		if err := json.Unmarshal(body, &members); err != nil {
			return err
		}
		parts := strings.Split(name, "/")
		members["LoggingConfig"] = b.loggings[parts[len(parts)-1]]
		body, err = json.Marshal(members)
		if err != nil {
			return err
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}

// drop takes a resource out of the stack's list.
func (b *beside) drop(kind string) {
	b.resources = slices.DeleteFunc(b.resources, func(r [3]string) bool { return r[1] == kind })
}
