// Command check-proof shows how a backend checks proofs of verification; check.go is
// what to copy. It reads one JSON object a line, {"proof", "phoneNumber", "nonce"}, and
// prints a verdict for each.
//
//	ISSUER=http://localhost:3000 AUDIENCE=http://localhost:3000 go run .
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "check-proof:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	checker, err := NewChecker(ctx, os.Getenv("ISSUER"), os.Getenv("AUDIENCE"), &memory{until: map[string]time.Time{}})
	if err != nil {
		return fmt.Errorf("loading the keys: %w", err)
	}
	decoder := json.NewDecoder(in)
	for {
		var session struct{ Proof, PhoneNumber, Nonce string }
		err := decoder.Decode(&session)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a line: %w", err)
		}
		verdict := "good"
		if err := checker.Check(ctx, session.Proof, session.PhoneNumber, session.Nonce); err != nil {
			verdict = "refused: " + err.Error()
		}
		if err := json.NewEncoder(out).Encode(verdict); err != nil {
			return fmt.Errorf("printing a verdict: %w", err)
		}
	}
}

// memory is Used for one process. Where there are several, use a table.
type memory struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// First implements Used.
func (m *memory) First(_ context.Context, jti string, keep time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Now().Before(m.until[jti]) {
		return false, nil
	}
	m.until[jti] = time.Now().Add(keep)
	return true, nil
}
