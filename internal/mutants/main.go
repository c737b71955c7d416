// Mutants checks the tests: it disables one guard of the source after another and runs
// the tests that should notice. A mutant that no test kills survives, and the run
// fails: what can be deleted without a test going red is not tested.
//
// Mutants are patches that stand beside what they disable: pkg/otp/mutants/verify.patch has
// those of pkg/otp/verify.go, each a sentence and the hunks of a unified diff. They are kept
// by hand, not generated. A generator such as gremlins changes single operators; what
// matters here are whole guards (a cap, a condition of a write, a canonicalisation), and
// every survivor of a generated set that changes nothing would have to be excused one by one.
//
// A hunk is found by its declaration and its lines, so that an edit beside a guard does not
// break its patch (see locate). One that does not apply any more breaks neither the build nor
// `make check`, which names it; here it fails the run until it is written anew.
//
// To add a guard's mutant, or to renew one: stage what you have (git add), take the guard out
// of the file, run this with -write and what is missing then, and restore the file
// (git restore FILE).
//
// Nothing is written into the source by a run: the changed file is laid over it (go test
// -overlay).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
	"time"
)

func main() {
	only := flag.String("only", "", "take the mutants whose file and name match this regular expression")
	workers := flag.Int("workers", 2, "how many run at a time")
	catalogue := flag.Bool("catalogue", false, "run the one test of each line of docs/invariants.md without the guard named there")
	list := flag.Bool("list", false, "name the mutants and run none")
	stale := flag.Bool("stale", false, "name the mutants that do not apply any more and run none")
	write := flag.String("write", "", "make a mutant of this name from the one file that differs from what is staged")
	every := flag.Bool("every", false, "name every test that fails, not the first ones")
	verbose := flag.Bool("v", false, "show what the tests print")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pattern, err := regexp.Compile(*only)
	o := options{workers: max(*workers, 1), every: *every, verbose: *verbose}
	switch {
	case err != nil:
	case *write != "":
		err = writeMutant(ctx, *write)
	case *list, *stale:
		err = show(pattern, *list)
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
	*mutant
	patched []byte
	// stale is why the mutant does not apply any more; nil if it does.
	stale error
}

// collect makes jobs of the mutants that match, those included that do not apply.
func collect(pattern *regexp.Regexp) ([]job, error) {
	mutants, err := readMutants()
	if err != nil {
		return nil, err
	}
	sources := map[string]*source{}
	var jobs []job
	for i := range mutants {
		j := job{mutant: &mutants[i]}
		if !pattern.MatchString(j.title()) {
			continue
		}
		s, read := sources[j.file]
		if !read {
			s, j.stale = readSource(j.file)
			if j.stale == nil {
				sources[j.file] = s
			}
		}
		if j.stale == nil {
			j.patched, j.stale = j.apply(s)
		}
		if gone, ok := errors.AsType[missing](j.stale); ok {
			j.stale = gone.lookAround(j.file)
		}
		jobs = append(jobs, j)
	}
	if len(jobs) == 0 {
		return nil, errors.New("no mutant matches")
	}
	return jobs, nil
}

// show names mutants.
func show(pattern *regexp.Regexp, all bool) error {
	jobs, err := collect(pattern)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.stale != nil {
			fmt.Printf("this guard's patch does not apply any more: %s (%v)\n", j.title(), j.stale)
		} else if all {
			fmt.Println(j.title())
		}
	}
	return nil
}

// rehearsed is the plan for a package's tests, or why there is none.
type rehearsed struct {
	*plan
	err error
}

// check runs the tests on every mutant that matches.
func check(ctx context.Context, pattern *regexp.Regexp, o options) error {
	began := time.Now()
	jobs, err := collect(pattern)
	if err != nil {
		return err
	}
	plans := map[tests]rehearsed{}
	for _, j := range jobs {
		if _, done := plans[j.tests]; done || j.stale != nil {
			continue
		}
		p, err := rehearse(ctx, j.tests, o)
		if err != nil {
			fmt.Printf("CANNOT   %s: %v\n", j.tests.dir, err)
		}
		plans[j.tests] = rehearsed{p, err}
	}
	var survived, broken, stale int
	var mu sync.Mutex
	var all sync.WaitGroup
	queue := make(chan job)
	for range o.workers {
		all.Go(func() {
			for j := range queue {
				var failed []string
				var err error
				p := plans[j.tests]
				if j.stale == nil && p.err == nil {
					failed, err = p.run(ctx, j.file, j.patched, o)
				}
				mu.Lock()
				switch {
				case j.stale != nil:
					stale++
					fmt.Printf("STALE    %s\n         %v\n", j.title(), j.stale)
				case p.err != nil:
					broken++
					fmt.Printf("BROKEN   %s\n         its tests in %s fail without it, or do not compile\n", j.title(), j.tests.dir)
				case err != nil:
					broken++
					fmt.Printf("BROKEN   %s\n         %v\n", j.title(), err)
				case len(failed) == 0:
					survived++
					fmt.Printf("SURVIVED %s\n", j.title())
				default:
					fmt.Printf("killed   %s\n         by %s\n", j.title(), inWords(failed, o.every))
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
	result := fmt.Sprintf("%d survived, %d could not be run, %d do not apply any more", survived, broken, stale)
	fmt.Printf("%d mutants, %s, in %s\n", len(jobs), result, time.Since(began).Round(time.Second))
	if survived+broken+stale > 0 {
		return errors.New(result)
	}
	return nil
}
