// Package contract holds answers to openapi.yaml. Tests of the handlers and tests over
// HTTP call Validate with every answer they get, so that neither can say what the other
// does not.
//
// It is in the root module because the handlers' tests are. Of the programs otpctl alone
// imports it, for its smoke test.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	infobipotp "github.com/seed-a131a524/infobip-otp"
)

// description is openapi.yaml, read once.
type description struct {
	*openapi3.T
	// compiler has the whole document, so that a schema is compiled by its place in it;
	// what it compiled is kept, because tests ask about thousands of answers.
	mu       sync.Mutex
	compiler *jsonschema.Compiler
}

const place = "mem:///openapi.yaml"

// load reads the description and checks it, its examples included.
var load = sync.OnceValues(func() (*description, error) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(infobipotp.OpenAPI))
	if err != nil {
		return nil, fmt.Errorf("reading openapi.yaml: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	text, err := doc.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing openapi.yaml as JSON: %w", err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading openapi.yaml as JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(place, tree); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return &description{T: doc, compiler: compiler}, nil
})

// conforms reports how a value differs from the schema at a place of the document.
func (d *description) conforms(pointer string, value any) error {
	d.mu.Lock()
	schema, err := d.compiler.Compile(place + "#" + pointer)
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("compiling the schema: %w", err)
	}
	return schema.Validate(value)
}

// Validate fails the test unless openapi.yaml describes the answer to a request: its
// status for this method and path, every header, the content type, every member. A path
// that is not there has to answer as NotFound says.
func Validate(tb testing.TB, method, path string, status int, headers map[string]string, body string) {
	tb.Helper()
	if err := Check(method, path, status, headers, body); err != nil {
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

// Check reports how an answer differs from what openapi.yaml says of it, as [Validate] does.
func Check(method, path string, status int, headers map[string]string, body string) error {
	doc, err := load()
	if err != nil {
		return err
	}
	path, _, _ = strings.Cut(path, "?")
	pointer, operation := find(doc, method, path)
	described := operation.Responses.Status(status)
	if described == nil {
		return errors.New("the status is none of this operation's")
	}
	if described.Ref != "" {
		pointer = strings.TrimPrefix(described.Ref, "#")
	} else {
		pointer += "/responses/" + strconv.Itoa(status)
	}
	header := http.Header{}
	for name, value := range headers {
		header.Set(name, value)
	}
	return errors.Join(
		checkHeaders(doc, header, described.Value),
		checkBody(doc, pointer, header.Get("Content-Type"), body, described.Value),
	)
}

// find returns the operation that describes the answer, and its place. No path has a
// parameter, so a path is there or it is not.
func find(doc *description, method, path string) (string, *openapi3.Operation) {
	refused := func(status, response string) *openapi3.Operation {
		responses := openapi3.NewResponsesWithCapacity(1)
		responses.Set(status, &openapi3.ResponseRef{
			Ref: "#/components/responses/" + response, Value: doc.Components.Responses[response].Value,
		})
		return &openapi3.Operation{Responses: responses}
	}
	item := doc.Paths.Value(path)
	if item == nil {
		return "", refused("404", "NotFound")
	}
	if operation := item.GetOperation(method); operation != nil {
		return "/paths/" + escape(path) + "/" + strings.ToLower(method), operation
	}
	return "", refused("405", "MethodNotAllowed")
}

// escape writes a member's name as a part of a JSON pointer (RFC 6901) in a fragment.
func escape(name string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

func checkBody(doc *description, pointer, contentType, body string, described *openapi3.Response) error {
	if len(described.Content) == 0 {
		if body != "" {
			return errors.New("there is a body, and should be none")
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("the content type %q: %w", contentType, err)
	}
	media := described.Content[mediaType]
	if media == nil {
		return fmt.Errorf("the content type %s is none of this answer's", mediaType)
	}
	if media.Schema == nil {
		return nil
	}
	var value any = body
	if mediaType == "application/json" {
		value, err = jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			return fmt.Errorf("the body is no JSON: %w", err)
		}
	}
	if err := doc.conforms(pointer+"/content/"+escape(mediaType)+"/schema", value); err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}

// ofTheServer are headers that what carries the answers adds: HTTP, and CORS.
func ofTheServer(name string) bool {
	return slices.Contains([]string{"Content-Type", "Content-Length", "Date", "Vary"}, name) ||
		strings.HasPrefix(name, "Access-Control-")
}

// checkHeaders looks at each header that is there, and at each that should be. Every
// header of the description is one of its components.
func checkHeaders(doc *description, header http.Header, described *openapi3.Response) error {
	places := map[string]*openapi3.HeaderRef{}
	for name, place := range described.Headers {
		places[http.CanonicalHeaderKey(name)] = place
	}
	for name := range header {
		if places[name] == nil && !ofTheServer(name) {
			return fmt.Errorf("the header %s is none of this answer's", name)
		}
	}
	for name, place := range places {
		if header[name] == nil {
			if place.Value.Required {
				return fmt.Errorf("the header %s is missing", name)
			}
			continue
		}
		var value any = header.Get(name)
		if place.Value.Schema.Value.Type.Is(openapi3.TypeInteger) {
			value = json.Number(header.Get(name))
			if _, err := strconv.Atoi(header.Get(name)); err != nil {
				return fmt.Errorf("the header %s is no whole number", name)
			}
		}
		if err := doc.conforms(strings.TrimPrefix(place.Ref, "#")+"/schema", value); err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
	}
	return nil
}
