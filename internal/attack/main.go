// Command attack replays attacks on a deployment: the domain and the guard as they ship, on
// stores in memory, with a clock that is stepped and honest traffic beside each attack. It
// prints what each came to as the tables of docs/abuse.md, and fails if one is not what that
// page promises. The same seed gives the same tables.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	seed := flag.Uint64("seed", 1, "of all that is random")
	write := flag.String("write", "", "a `file` whose tables to write anew, such as docs/abuse.md")
	check := flag.String("check", "", "a `file` whose tables have to be these")
	flag.Parse()
	debug.SetGCPercent(4 * 100) // there is more memory than time
	rows := all(*seed)
	tables := print(rows)
	fmt.Print(tables)
	failed := complain(os.Stderr, rows)
	if *write != "" {
		failed = replaceTables(*write, tables) != nil || failed
	}
	if *check != "" && !hasTables(*check, tables) {
		fmt.Fprintf(os.Stderr, "attack: the tables of %s are others: go run ./internal/attack -write %s\n", *check, *check)
		failed = true
	}
	if failed {
		os.Exit(1)
	}
}

// complain writes what was missed, and reports whether anything was.
func complain(w *os.File, rows []row) bool {
	missed := false
	for _, r := range rows {
		for _, miss := range r.misses {
			fmt.Fprintf(w, "attack: %s: %s: %s\n", r.section, strings.Join(r.cells, " | "), miss)
			missed = true
		}
	}
	return missed
}

// all returns every row, in the order of the tables.
func all(seed uint64) []row {
	var jobs []func() row
	for _, o := range []struct {
		section string
		signUps int
	}{{"Attacks", 1000}, {"Ten times larger", 10_000}} {
		for i := range attacks {
			jobs = append(jobs, func() row { return attacks[i].against(seed, o.section, size(o.signUps)) })
		}
	}
	for i := range attacks {
		jobs = append(jobs, func() row { return attacks[i].small(seed) })
	}
	for i := range incidents {
		jobs = append(jobs, func() row { return incidents[i].again(seed) })
	}
	for i := range calms {
		jobs = append(jobs, func() row { return calms[i].row(seed, 1000) })
	}
	for i := range calms {
		jobs = append(jobs, func() row { return calms[i].row(seed, 10_000) })
	}
	for i := range tradings {
		jobs = append(jobs, func() row { return tradings[i].row(seed) })
	}
	for i := range variations {
		jobs = append(jobs, func() row { return variations[i].row(seed) })
	}
	for i := range mailings {
		jobs = append(jobs, func() row { return mailings[i].mail(seed) })
	}
	for i := range lockOuts {
		jobs = append(jobs, func() row { return lockOuts[i].row(seed) })
	}
	for i := range forgeries {
		jobs = append(jobs, func() row { return forgeries[i].row(seed) })
	}
	for _, perSecond := range floods {
		jobs = append(jobs, func() row { return floodRow(seed, perSecond) })
	}
	return together(jobs)
}

// together runs jobs on all processors, and returns their results in the jobs' order.
func together(jobs []func() row) []row {
	rows := make([]row, len(jobs))
	gate := make(chan struct{}, runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	for i, job := range jobs {
		running.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			rows[i] = job()
		})
	}
	running.Wait()
	return rows
}

// against replays an attack on an owner, without a challenge and with one.
func (a *attack) against(seed uint64, section string, o owner) row {
	if a.owner != nil {
		a.owner(&o)
	}
	plain := replay(seed, o, a)
	o.challenge = true
	return a.row(section, plain.world.rules.Spend.Amount, plain, replay(seed, o, a))
}

// small replays an attack on a small owner, for the loss alone.
func (a *attack) small(seed uint64) row {
	const signUps = 100
	o := size(signUps)
	if a.owner != nil {
		a.owner(&o)
	}
	r := replay(seed, o, a)
	limit := r.world.rules.Spend.Amount
	p := r.attacker
	return row{
		section: "Ten times smaller", misses: a.misses(limit, r),
		cells: []string{a.name, fmt.Sprint(p.requests), fmt.Sprint(p.messages), p.money.String(), percent(p.worst(), limit)},
	}
}

// again replays an incident.
func (i *incident) again(seed uint64) row {
	o := i.victim()
	plain := replay(seed, o, &i.attack)
	o.challenge = true
	limit := plain.world.rules.Spend.Amount
	r := i.row("Incidents", limit, plain, replay(seed, o, &i.attack))
	c := r.cells
	r.cells = slices.Concat([]string{i.cited(), i.theirs}, c[1:11], c[12:14])
	return r
}

// cited is the incident's name, and where it was told.
func (i *incident) cited() string {
	if i.told == "" {
		return i.name
	}
	return fmt.Sprintf("[%s](https://%s)", i.name, i.told)
}

func (c *calm) row(seed uint64, signUps int) row {
	r := rest(seed, c, signUps)
	requests, refused, byAddress := 0, 0, 0
	for _, p := range r.honest {
		requests, refused, byAddress = requests+p.requests, refused+p.byGuard, byAddress+p.byAddress
	}
	out := row{section: "Without an attack", cells: []string{fmt.Sprint(signUps), c.name, fmt.Sprint(requests), fmt.Sprint(refused), fmt.Sprint(byAddress)}}
	if refused > 0 {
		out.miss("%d of %d honest requests are refused", refused, requests)
	}
	return out
}

func (l *lockOut) row(seed uint64) row {
	longest, verified := keptOut(seed, l)
	out := row{section: "One person", cells: []string{l.name, fmt.Sprintf("%d of 18", verified), longest.Round(time.Second).String()}}
	if verified != 18 {
		out.miss("the person is verified %d times of 18", verified)
	}
	if longest > time.Minute && !l.shuts {
		out.miss("the person is kept out for %s", longest)
	}
	return out
}

// The tables stand between these lines of a page.
const (
	tablesBegin = "<!-- the tables of `make attack` -->\n"
	tablesEnd   = "<!-- end of the tables -->\n"
)

// split returns what is before, within and behind the tables of a page.
func split(page []byte) ([]byte, []byte, []byte, bool) {
	before, rest, begins := bytes.Cut(page, []byte(tablesBegin))
	within, behind, ends := bytes.Cut(rest, []byte(tablesEnd))
	return before, within, behind, begins && ends
}

func replaceTables(file, tables string) error {
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, _, behind, ok := split(page)
	if !ok {
		return fmt.Errorf("%s has no place for the tables", file)
	}
	return os.WriteFile(file, slices.Concat(before, []byte(tablesBegin+"\n"+tables+"\n"+tablesEnd), behind), 0o644)
}

func hasTables(file, tables string) bool {
	page, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	_, within, _, ok := split(page)
	return ok && string(bytes.TrimSpace(within)) == string(bytes.TrimSpace([]byte(tables)))
}
