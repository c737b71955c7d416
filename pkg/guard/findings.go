package guard

import (
	"fmt"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// Findings implements otp.Admission: what each rule saw, and names under which one attacker
// and a thousand do not look alike.
func (d *delivery) Findings() []otp.Finding {
	found := []otp.Finding{
		{Name: "client", Value: name(d.application.Names, "client", d.application.Client)},
		{Name: "network", Value: d.subject.network},
		{Name: "prefix", Value: d.subject.prefix},
	}
	if d.now.IsZero() { // nothing was decided
		return found
	}
	for i, slot := range d.slots {
		found = append(found, d.seen(slot, d.cells[i])...)
	}
	add := func(name, value string) {
		if value != "" {
			found = append(found, otp.Finding{Name: name, Value: value})
		}
	}
	if d.sender.known {
		add("known", "true")
	}
	add("by", d.judged.by)
	add("challenge", d.challenge.word())
	return found
}

// seen returns what a delivery saw of one cell: the room that was left, and the most that it
// may hold; the money that was spent, and what the delivery may spend of it.
func (d *delivery) seen(s slot, c Cell) []otp.Finding {
	var found []otp.Finding
	if a := s.allowance; a.Mode != Off {
		room := *c.room(d.sender.known)
		value := fmt.Sprintf("%d/%d", floorDiv(a.level(room, d.now)), a.most(room, d.now)/milli)
		if a.Mode == Record && a.level(room, d.now) < milli {
			value += " would refuse"
		}
		found = append(found, otp.Finding{Name: s.name + "Room", Value: value})
	}
	if s.limit.Amount > 0 {
		most, _ := s.mostSpent(c, d.sender.known, d.now)
		found = append(found, otp.Finding{Name: s.name + "Spent", Value: fmt.Sprintf("%s/%s", c.Purse.spent(d.now), most)})
	}
	return found
}

// floorDiv returns whole sends, rounded down below zero too.
func floorDiv(room int64) int64 {
	whole := room / milli
	if room%milli < 0 {
		whole--
	}
	return whole
}
