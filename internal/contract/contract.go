// Package contract holds answers to openapi.yaml. Tests of the handlers and tests over
// HTTP call Validate with every answer they get, so that neither can say what the other
// does not.
//
// It is in the root module because the handlers' tests are; no program imports it.
package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	infobipotp "github.com/seed-a131a524/infobip-otp"
)

// load reads the description and checks it, its examples included.
var load = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(infobipotp.OpenAPI))
	if err != nil {
		return nil, fmt.Errorf("reading openapi.yaml: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return doc, nil
})

// Validate fails the test unless openapi.yaml describes the answer to a request: its
// status for this method and path, every header, the content type, every member. A path
// that is not there has to answer as NotFound says.
func Validate(tb testing.TB, method, path string, status int, headers map[string]string, body string) {
	tb.Helper()
	if err := check(method, path, status, headers, body); err != nil {
		tb.Errorf("%s %s answered %d, which openapi.yaml does not describe: %v", method, path, status, err)
	}
}

// Headers returns the headers of an HTTP response in the form that Validate takes, as API
// Gateway writes them: repeated ones joined.
func Headers(h http.Header) map[string]string {
	headers := map[string]string{}
	for name, values := range h {
		headers[name] = strings.Join(values, ",")
	}
	return headers
}

func check(method, path string, status int, headers map[string]string, body string) error {
	doc, err := load()
	if err != nil {
		return err
	}
	path, _, _ = strings.Cut(path, "?")
	item, operation := find(doc, method, path)
	described := operation.Responses.Status(status)
	if described == nil {
		return errors.New("the status is none of this operation's")
	}
	header := http.Header{}
	for name, value := range headers {
		header.Set(name, value)
	}
	if err := onlyDescribed(header, described.Value); err != nil {
		return err
	}
	if len(described.Value.Content) == 0 && body != "" {
		return errors.New("there is a body, and should be none")
	}
	request, err := http.NewRequestWithContext(context.Background(), method, path, http.NoBody)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request,
			Route:   &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: operation},
		},
		Status:  status,
		Header:  header,
		Body:    io.NopCloser(bytes.NewReader([]byte(body))),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
}

// find returns the operation that describes the answer. No path has a parameter, so a
// path is there or it is not.
func find(doc *openapi3.T, method, path string) (*openapi3.PathItem, *openapi3.Operation) {
	refused := func(status, response string) *openapi3.Operation {
		responses := openapi3.NewResponsesWithCapacity(1)
		responses.Set(status, doc.Components.Responses[response])
		return &openapi3.Operation{Responses: responses}
	}
	item := doc.Paths.Value(path)
	if item == nil {
		return &openapi3.PathItem{}, refused("404", "NotFound")
	}
	if operation := item.GetOperation(method); operation != nil {
		return item, operation
	}
	return item, refused("405", "MethodNotAllowed")
}

// ofTheServer are headers that what carries the answers adds: HTTP, and CORS.
func ofTheServer(name string) bool {
	return slices.Contains([]string{"Content-Type", "Content-Length", "Date", "Vary"}, name) ||
		strings.HasPrefix(name, "Access-Control-")
}

func onlyDescribed(header http.Header, described *openapi3.Response) error {
	for name := range header {
		if ofTheServer(name) {
			continue
		}
		known := false
		for other := range described.Headers {
			known = known || strings.EqualFold(name, other)
		}
		if !known {
			return fmt.Errorf("the header %s is none of this answer's", name)
		}
	}
	return nil
}
