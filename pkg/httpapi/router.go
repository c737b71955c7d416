package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// Routes of the HTTP API. The templates route the same, and all else to discovery.
const (
	RouteBanner  = "/"
	RouteOpenAPI = "/openapi.yaml"
	RouteSend    = "/send-otp"
	RouteResend  = "/resend-otp"
	RouteVerify  = "/verify-otp"
)

var (
	getMethods  = []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	postMethods = []string{http.MethodPost, http.MethodOptions}
)

// methods are those of each route, the one that names it in logs first.
var methods = map[string][]string{
	RouteBanner:  getMethods,
	RouteOpenAPI: getMethods,
	RouteSend:    postMethods,
	RouteResend:  postMethods,
	RouteVerify:  postMethods,

	proof.ConfigurationPath: getMethods,
	proof.KeySetPath:        getMethods,
}

// workNames are the names of the routes that do work, in each of whose lines they stand.
var workNames = map[string]string{
	RouteSend:   http.MethodPost + " " + RouteSend,
	RouteResend: http.MethodPost + " " + RouteResend,
	RouteVerify: http.MethodPost + " " + RouteVerify,
}

// payloadFormat is the one version of API Gateway's payload that is read here. An event
// of another has its members in other places, and would look like a request for nothing.
const payloadFormat = "2.0"

// dispatch answers what needs no route, and passes on the rest.
func (h *Handler) dispatch(ctx context.Context, r *request) (*answer, error) {
	if version := r.event.Version; version != payloadFormat {
		return nil, fmt.Errorf("the event has payload format %.8q: the integration must use %q", version, payloadFormat)
	}
	allowed, known := methods[r.path]
	if !known {
		return nil, refuseNotFound
	}
	switch method := r.method(); {
	case !slices.Contains(allowed, method):
		return nil, refuseMethod(strings.Join(allowed, ", "))
	case method == http.MethodOptions:
		// A browser's preflight comes here by the $default route; API Gateway adds its
		// CORS headers to this answer.
		return &answer{allow: strings.Join(allowed, ", ")}, nil
	}
	serve, ours := h.routes[r.path]
	if !ours {
		return nil, refuseNotFound
	}
	return serve(ctx, r)
}

// pathOf returns the path without what API Gateway may put before it: the name of the
// stage, or the base path of a custom domain. A route that it has matched is known by the
// end of the path; one that it has not is looked for behind the stage's name. A preflight
// matches none, and nothing says what the base path is, so it is for whatever its path ends
// with: all that it asks is a list of methods.
func pathOf(event *events.APIGatewayV2HTTPRequest) string {
	whole := event.RawPath
	_, matched, ok := strings.Cut(event.RouteKey, " ")
	if ok && methods[matched] != nil && strings.HasSuffix(whole, matched) {
		return matched
	}
	if event.RequestContext.HTTP.Method == http.MethodOptions {
		for route := range methods {
			if base, ok := strings.CutSuffix(whole, route); ok && route != RouteBanner && isBasePath(base) {
				return route
			}
		}
	}
	stage := event.RequestContext.Stage
	behind, ok := strings.CutPrefix(whole, "/"+stage)
	switch {
	case !ok, stage == "", stage == "$default":
		return whole
	case behind == "":
		return RouteBanner
	}
	return behind
}

// isBasePath reports whether a custom domain can have this before its paths. Empty is the
// usual one.
func isBasePath(base string) bool { return base == "" || base[0] == '/' && base == path.Clean(base) }

// routeName is how a log names the request. It repeats nothing that a client wrote.
func (r *request) routeName() string {
	allowed, known := methods[r.path]
	name, work := workNames[r.path]
	switch {
	case !known:
		return "other"
	case work && r.method() != http.MethodOptions:
		return name
	case slices.Contains(allowed, r.method()):
		return r.method() + " " + r.path
	}
	return allowed[0] + " " + r.path
}

// panicked is the error of a handler that panicked. The value is not printed: it may
// hold anything.
type panicked struct {
	kind  string
	stack []byte
}

func (p *panicked) Error() string { return "panic: " + p.kind }

func guarded(serve func() (*answer, error)) (a *answer, err error) { //nolint:nonamedreturns // a deferred recover has no other way to answer
	defer func() {
		if value := recover(); value != nil {
			a, err = nil, &panicked{kind: fmt.Sprintf("%T", value), stack: debug.Stack()}
		}
	}()
	return serve()
}
