package cost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// BenchmarkShare reports how long requests take with the share of a CPU that Lambda gives with
// so much memory, beside an Infobip that answers at once: medians in ms, of the first requests and
// of later ones. It needs root and the kernel's first version of control groups.
func BenchmarkShare(b *testing.B) {
	for _, mb := range []int{128, 192, 256} {
		b.Run(fmt.Sprintf("%dMB", mb), func(b *testing.B) {
			const environments, later = 5, 8
			took := map[string][]time.Duration{}
			clock := func(what string, do func()) {
				start := time.Now()
				do()
				took[what] = append(took[what], time.Since(start))
			}
			for range environments {
				r := newRig(b, withGuard...)
				limit(b, r.send, mb)
				limit(b, r.verify, mb)
				for i := range 1 + later {
					order := "later"
					if i == 0 {
						order = "first"
					}
					clock(order+"-send-ms", func() { r.sends(b, number(i)) })
					clock(order+"-verify-ms", func() { r.verifies(b, number(i)) })
				}
			}
			for what, times := range took {
				slices.Sort(times)
				b.ReportMetric(milliseconds(times[len(times)/2]), what)
			}
			b.ReportMetric(0, "ns/op") // it has no operation
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// limit returns a function's process that share from now on: what came before was its start, in
// which Lambda gives a whole CPU.
func limit(b *testing.B, f *function, mb int) {
	b.Helper()
	const oneCPU, period = 1769, 20_000 // MB, µs
	pid := strconv.Itoa(f.process.PID())
	group := filepath.Join("/sys/fs/cgroup/cpu", "otp-"+pid)
	if err := os.Mkdir(group, 0o755); err != nil {
		b.Fatalf("this benchmark needs control groups of its own: %v", err)
	}
	b.Cleanup(func() {
		// A group goes once nobody is in it.
		err := os.WriteFile("/sys/fs/cgroup/cpu/cgroup.procs", []byte(pid), 0)
		if err := errors.Join(err, os.Remove(group)); err != nil {
			b.Error(err)
		}
	})
	for _, file := range []struct{ name, value string }{
		{"cpu.cfs_period_us", strconv.Itoa(period)}, {"cpu.cfs_quota_us", strconv.Itoa(period * mb / oneCPU)}, {"cgroup.procs", pid},
	} {
		if err := os.WriteFile(filepath.Join(group, file.name), []byte(file.value), 0); err != nil {
			b.Fatal(err)
		}
	}
}
