package httpapi

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json/jsontext"
)

// maxBody is far more than any request needs, and bounds what a stranger can make
// the parser do.
const maxBody = 4 << 10

// fields are a request body's members. A missing member and null are the same: nil.
type fields map[string]*string

func (f fields) get(name string) string {
	if value := f[name]; value != nil {
		return *value
	}
	return ""
}

// readBody checks content type, size and syntax, in this order, and returns the
// members, all of which have to be strings with one of the names.
//
// encoding/json is not used: it takes the last of duplicate names, ignores their
// case, repairs invalid UTF-8 and stops reading at the end of the first value, and
// each of these lets two readers of one body see two different requests.
func readBody(event *events.APIGatewayV2HTTPRequest, names ...string) (fields, *refusal) {
	if !isJSON(header(event, "content-type")) {
		return nil, refuseContentType
	}
	body, refused := rawBody(event)
	if refused != nil {
		return nil, refused
	}
	// The syntax of the whole comes first: names and types of a body that is no
	// JSON object mean nothing.
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	object, err := decoder.ReadValue()
	if err != nil || object.Kind() != '{' {
		return nil, refuseBody
	}
	object = object.Clone() // the next read may overwrite it
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, refuseBody
	}
	return readMembers(object, names)
}

func rawBody(event *events.APIGatewayV2HTTPRequest) ([]byte, *refusal) {
	if !event.IsBase64Encoded {
		if len(event.Body) > maxBody {
			return nil, refuseSize
		}
		return []byte(event.Body), nil
	}
	if len(event.Body) > base64.StdEncoding.EncodedLen(maxBody) {
		return nil, refuseSize
	}
	body, err := base64.StdEncoding.Strict().DecodeString(event.Body)
	if err != nil {
		return nil, refuseBody
	}
	if len(body) > maxBody {
		return nil, refuseSize
	}
	return body, nil
}

func readMembers(object jsontext.Value, names []string) (fields, *refusal) {
	decoder := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.ReadToken(); err != nil { // {
		return nil, refuseBody
	}
	members := fields{}
	for decoder.PeekKind() != '}' {
		token, err := decoder.ReadToken()
		if err != nil {
			return nil, refuseBody
		}
		name := token.String()
		if !slices.Contains(names, name) {
			return nil, refuseField(name)
		}
		switch decoder.PeekKind() {
		case '"':
			token, err := decoder.ReadToken()
			if err != nil {
				return nil, refuseBody
			}
			value := token.String()
			members[name] = &value
		case 'n':
			if err := decoder.SkipValue(); err != nil {
				return nil, refuseBody
			}
		default:
			return nil, refuseType(name)
		}
	}
	return members, nil
}

func isJSON(contentType string) bool {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "application/json" {
		return false
	}
	charset, given := parameters["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}

// header looks a header up without regard to case: AWS lowercases names, sam local
// does not. Names that differ only in case count as one header that was repeated,
// and are joined as API Gateway joins those.
func header(event *events.APIGatewayV2HTTPRequest, name string) string {
	var values []string
	for key, value := range event.Headers {
		if strings.EqualFold(key, name) {
			values = append(values, value)
		}
	}
	return strings.Join(values, ",")
}

func hasHeader(event *events.APIGatewayV2HTTPRequest, name string) bool {
	for key := range event.Headers {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

const idempotencyKeyHeader = "idempotency-key"

// idempotencyKey returns the caller's key, empty for none. API Gateway joins a repeated
// header with a comma, so a comma is refused too: two keys are not one.
func idempotencyKey(event *events.APIGatewayV2HTTPRequest) (string, *refusal) {
	const maxKey = 255
	if !hasHeader(event, idempotencyKeyHeader) {
		return "", nil
	}
	key := header(event, idempotencyKeyHeader)
	if key == "" || len(key) > maxKey {
		return "", refuseIdempotencyKey
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' || c == ',' {
			return "", refuseIdempotencyKey
		}
	}
	return key, nil
}
