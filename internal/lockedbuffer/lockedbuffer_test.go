package lockedbuffer_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/seed-a131a524/infobip-otp/internal/lockedbuffer"
)

// TestParallelLines: whole lines arrive, whoever reads meanwhile. The race detector looks on.
func TestParallelLines(t *testing.T) {
	var b lockedbuffer.Buffer
	var writing sync.WaitGroup
	for range 8 {
		writing.Go(func() {
			for range 100 {
				fmt.Fprint(&b, "a line\n")
				_ = b.String()
			}
		})
	}
	writing.Wait()
	if got := strings.Count(b.String(), "a line\n"); got != 800 {
		t.Errorf("%d lines arrived, want 800", got)
	}
	if b.Reset(); b.String() != "" {
		t.Error("a reset buffer has text")
	}
}
