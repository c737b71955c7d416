// Mutants checks the tests: it disables one guard of the source after another and runs
// the tests that should notice. A mutant that no test kills survives, and the run
// fails: what can be deleted without a test going red is not tested.
//
// The mutants are a list kept by hand (the other files of this folder), not generated
// ones. A generator such as gremlins changes single operators; what matters here are
// whole guards (a cap, a condition of a write, a canonicalisation), and every survivor
// of a generated set that changes nothing would have to be excused one by one. A mutant
// whose text is not found exactly once is an error, so the list cannot fall behind the
// source in silence.
//
// Nothing is written into the source: the changed file is laid over it (go test
// -overlay).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// mutant replaces one piece of a file's text.
type mutant struct {
	// name says what is missing then.
	name     string
	old, new string
}

// target is a file of this module, its mutants, and the tests that should notice.
type target struct {
	file string
	// dir is where the tests are run: another module's folder, or empty for this one.
	dir      string
	packages []string
	// run selects tests, for packages whose tests take their time; empty means all.
	run     string
	mutants []mutant
}

func main() {
	only := flag.String("only", "", "run the mutants whose file and name match this regular expression")
	workers := flag.Int("workers", 2, "how many run at a time")
	catalogue := flag.Bool("catalogue", false, "run the one test of each line of docs/invariants.md without the guard named there")
	every := flag.Bool("every", false, "name every test that fails, not the first ones")
	verbose := flag.Bool("v", false, "show what the tests print")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pattern, err := regexp.Compile(*only)
	o := options{workers: max(*workers, 1), every: *every, verbose: *verbose}
	switch {
	case err != nil:
	case *catalogue:
		err = checkCatalogue(ctx, pattern, o)
	default:
		err = check(ctx, pattern, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

type options struct {
	workers        int
	every, verbose bool
}

// job is one mutant to run.
type job struct {
	target *target
	mutant
	patched []byte
}

func (j *job) title() string { return j.target.file + ": " + j.name }

func check(ctx context.Context, pattern *regexp.Regexp, o options) error {
	began := time.Now()
	jobs, err := collect(pattern)
	if err != nil {
		return err
	}
	if err := healthy(ctx, jobs, o); err != nil {
		return err
	}
	survivors, broken := 0, 0
	var mu sync.Mutex
	var all sync.WaitGroup
	queue := make(chan *job)
	for range o.workers {
		all.Go(func() {
			for j := range queue {
				result, err := run(ctx, j.target, j.patched, o)
				mu.Lock()
				switch {
				case err != nil:
					broken++
					fmt.Printf("BROKEN   %s\n         %v\n", j.title(), err)
				case len(result) == 0:
					survivors++
					fmt.Printf("SURVIVED %s\n", j.title())
				default:
					fmt.Printf("killed   %s\n         by %s\n", j.title(), inWords(result, o.every))
				}
				mu.Unlock()
			}
		})
	}
	for _, j := range jobs {
		if ctx.Err() != nil {
			break
		}
		queue <- j
	}
	close(queue)
	all.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Printf("%d mutants, %d survived, %d could not be run, in %s\n", len(jobs), survivors, broken, time.Since(began).Round(time.Second))
	if survivors+broken > 0 {
		return fmt.Errorf("%d mutants survived, %d could not be run", survivors, broken)
	}
	return nil
}
