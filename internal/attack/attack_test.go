package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
)

// named returns an attack, which lasts no longer than a time.
func named(name string, atMost time.Duration) *attack {
	a := *attackNamed(name)
	a.lasts = min(a.lasts, atMost)
	return &a
}

// TestAttacks is a short run of `make attack`: a few attacks on a smaller owner, each of
// which keeps what docs/abuse.md promises.
func TestAttacks(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of replays: make test runs them")
	}
	for _, c := range []struct {
		name  string
		lasts time.Duration
	}{
		{"fast burst", time.Minute}, {"spread", 10 * time.Minute}, {"sequential", 5 * time.Minute}, {"premium", time.Minute},
		{"one real phone", 6 * time.Hour}, {"20 real phones", 6 * time.Hour}, {"interceptors, by region", 6 * time.Hour}, {"own users", 20 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			row := named(c.name, c.lasts).against(1, "Attacks", size(300))
			if len(row.misses) > 0 {
				t.Errorf("%v: %q", row.cells, row.misses)
			}
		})
	}
}

// TestMailings is a row of e-mail's table, as docs/abuse.md has it. The dearest one, whose
// sender verifies, has the time of make attack.
func TestMailings(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of replays: make test runs them")
	}
	got := mailings[len(mailings)-1].mail(1)
	if len(got.misses) > 0 {
		t.Errorf("%v: %q", got.cells, got.misses)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "abuse.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "| " + strings.Join(got.cells, " | ") + " |"; !strings.Contains(string(page), want) {
		t.Errorf("docs/abuse.md does not have this row: %s", want)
	}
}

// TestCalm is business without an attack, of an owner of the same size.
func TestCalm(t *testing.T) {
	for i := range calms {
		c := calms[i]
		if testing.Short() && !strings.HasPrefix(c.name, "stadium") {
			continue // make attack has its time
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if row := c.row(1, 300); len(row.misses) > 0 {
				t.Errorf("%v: %q", row.cells, row.misses)
			}
		})
	}
}

func TestOnePerson(t *testing.T) {
	for i := range lockOuts {
		t.Run(lockOuts[i].name, func(t *testing.T) {
			t.Parallel()
			if row := lockOuts[i].row(1); len(row.misses) > 0 {
				t.Errorf("%v: %q", row.cells, row.misses)
			}
		})
	}
}

// TestEachRuleIsSeen: without a rule the attack that it is there for costs more, so a replay
// would notice if the rule were gone.
func TestEachRuleIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of replays: make test runs them")
	}
	for _, c := range []struct {
		attack  string
		lasts   time.Duration
		without func(*guard.Rules)
	}{
		{"fast burst", time.Minute, func(r *guard.Rules) { r.Allowances.Network = guard.Allowance{} }},
		{"sequential", 5 * time.Minute, func(r *guard.Rules) { r.Allowances.Prefix = guard.Allowance{} }},
		{"one region", 10 * time.Minute, func(r *guard.Rules) { r.Allowances.Region = guard.Allowance{} }},
		{"spread", 10 * time.Minute, func(r *guard.Rules) { r.Allowances.Service = guard.Allowance{} }},
		{"interceptors, by region", 12 * time.Hour, func(r *guard.Rules) { r.RegionSpend = nil }},
		{"interceptors", 12 * time.Hour, func(r *guard.Rules) { r.Spend = guard.Limit{} }},
	} {
		t.Run(c.attack, func(t *testing.T) {
			t.Parallel()
			a := named(c.attack, c.lasts)
			o := size(300)
			if a.owner != nil {
				a.owner(&o)
			}
			with := replay(1, o, a)
			before := o.rules
			o.rules = func(r *guard.Rules) {
				if before != nil {
					before(r)
				}
				c.without(r)
			}
			without := replay(1, o, a)
			if without.attacker.messages*2 < 3*with.attacker.messages {
				t.Errorf("%d messages with the rule, %d without", with.attacker.messages, without.attacker.messages)
			}
		})
	}
}

// TestSameSeedSameTables: what is random is the seed's, and nothing else.
func TestSameSeedSameTables(t *testing.T) {
	run := func(seed uint64) string {
		a := named("voice", 5*time.Minute)
		return print([]row{a.against(seed, "Attacks", size(300))})
	}
	first := run(7)
	if diff := cmp.Diff(first, run(7)); diff != "" {
		t.Errorf("the same seed gives another table:\n%s", diff)
	}
	if first == run(8) {
		t.Error("another seed gives the same table: nothing is random")
	}
}

// TestMissesAreSeen: a promise that is not kept is told.
func TestMissesAreSeen(t *testing.T) {
	a := named("fast burst", time.Minute)
	r := replay(1, size(300), a)
	if misses := a.misses(unit, r); len(misses) != 1 || !strings.Contains(misses[0], "the loss of a window is 1.00") {
		t.Errorf("with a limit of 1 the misses are %q", misses)
	}
	r.world.rules.Allowances = guard.Allowances{}
	r.attacker.sends = append(r.attacker.sends, make([]paid, 200)...)
	for i := range r.attacker.sends {
		r.attacker.sends[i].at = r.began.Add(time.Hour)
	}
	r.lasted = 2 * time.Hour
	if misses := a.misses(1000*unit, r); len(misses) != 1 || !strings.Contains(misses[0], "passed from a minute after") {
		t.Errorf("with messages that nothing admits the misses are %q", misses)
	}
}

// TestPageHasItsTables: the page names every attack, so that none is missing from it.
func TestPageHasItsTables(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "abuse.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, within, _, ok := split(page)
	if !ok {
		t.Fatal("docs/abuse.md has no place for the tables")
	}
	for _, s := range sections {
		if !strings.Contains(string(within), "### "+s.title+"\n") {
			t.Errorf("docs/abuse.md lacks the table %q: go run ./internal/attack -write docs/abuse.md", s.title)
		}
	}
	var names []string
	for i := range attacks {
		names = append(names, attacks[i].name)
	}
	for i := range incidents {
		names = append(names, incidents[i].cited())
	}
	for i := range calms {
		names = append(names, calms[i].name)
	}
	for i := range lockOuts {
		names = append(names, lockOuts[i].name)
	}
	for i := range tradings {
		names = append(names, tradings[i].setting)
	}
	for i := range variations {
		names = append(names, variations[i].setting)
	}
	for i := range forgeries {
		names = append(names, forgeries[i].name)
	}
	for _, name := range names {
		if !strings.Contains(string(within), "| "+name+" |") {
			t.Errorf("docs/abuse.md lacks %q: go run ./internal/attack -write docs/abuse.md", name)
		}
	}
}
