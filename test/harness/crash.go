package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// TryInvoke is Invoke for goroutines, which must not end a test, and for a function that
// may die on the way.
func (f *Function) TryInvoke(ctx context.Context, event []byte) (events.APIGatewayV2HTTPResponse, error) {
	raw, err := f.invoke(ctx, event)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	var answer events.APIGatewayV2HTTPResponse
	err = json.Unmarshal(raw, &answer)
	if err == nil && answer.StatusCode == 0 {
		err = errors.New("the emulator answered for the function: " + mask(string(raw)))
	}
	return answer, err
}

// Kill ends the function's own process, not the emulator, without a chance to do
// anything more. The emulator starts another one for the next Invoke, as Lambda does.
func (f *Function) Kill(tb testing.TB) {
	tb.Helper()
	children, err := childrenOf(f.Process.PID())
	if err != nil {
		tb.Fatal(err)
	}
	if len(children) != 1 {
		tb.Fatalf("%s has %d processes under its emulator, want its bootstrap", f.Process.Name, len(children))
	}
	err = syscall.Kill(children[0], syscall.SIGKILL)
	if err != nil {
		tb.Fatalf("killing %s: %v", f.Process.Name, err)
	}
}

// childrenOf returns the process ids of the living children of a process.
func childrenOf(parent int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var children []int
	for _, name := range stats {
		content, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid ...; the name may hold anything.
		fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
		if len(fields) < 2 || string(fields[1]) != strconv.Itoa(parent) || string(fields[0]) == "Z" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			return nil, fmt.Errorf("reading a process id: %w", err)
		}
		children = append(children, pid)
	}
	return children, nil
}
