package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// Event reads one of the repository's events (send, verify, banner), which tests then
// change to their needs.
func Event(tb testing.TB, name string) events.APIGatewayV2HTTPRequest {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(Root(), "events", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(raw, &event); err != nil {
		tb.Fatalf("events/%s.json: %v", name, err)
	}
	return event
}

// JSON encodes a value that always can be.
func JSON(tb testing.TB, value any) []byte {
	tb.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}
