package guard

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// slot is one cell of a delivery, and the rules that hold in it.
type slot struct {
	// name is what the log calls the cell, key where it is kept.
	name, key string
	allowance Allowance
	// limit of the cell's purse; zero is none. What of it a delivery may spend depends on
	// the kind of cell.
	limit Limit
	kind  slotKind
}

type slotKind int

const (
	countsOnly slotKind = iota // has no purse
	service                    // limit is SPEND_LIMIT; operators' orders are here
	region                     // limit is a region's
	prefix                     // limit is SPEND_LIMIT, of which it takes a tenth
)

// subject is what a delivery's cells follow from.
type subject struct {
	mail bool
	// network of the client, by name; empty if it is not counted.
	network string
	// prefix is a number without its last four digits, or a mailbox (mailboxOf), by
	// name.
	prefix string
	region string
}

// The keys of the cells. A cell's key never changes; what is personal in it is a name under
// the oldest phone key. Cells of e-mail are others: an address is free to whoever has a
// domain.
const (
	serviceKey     = "guard#service"
	serviceMailKey = "guard#service-mail"
	regionKey      = "guard#region#"
	networkKey     = "guard#network#"
	networkMailKey = "guard#network-mail#"
	prefixKey      = "guard#prefix#"
	prefixMailKey  = "guard#prefix-mail#"
)

// nameLength is enough to tell cells apart: 48 bits. Of a million networks two share a name
// once in 500 deployments, and with it their room. Every delivery keeps one.
const nameLength = 8

// name returns what something personal is called in keys and logs.
func name(names otp.Keyring, label, text string) string {
	derived := names.Derive("guard/"+label, text)
	return base64.RawURLEncoding.EncodeToString(derived[:])[:nameLength]
}

// unknownNetwork is the network of clients without a readable address.
const unknownNetwork = "unknown"

const (
	ipv4Network = 24
	ipv6Network = 48
)

// networkOf returns the network of a client's bucket (an IPv4 address, an IPv6 /48): its
// /24, or the /48.
func networkOf(client string) string {
	length := ipv4Network
	address, _, wide := strings.Cut(client, "/")
	if wide {
		length = ipv6Network
	}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return unknownNetwork
	}
	network, err := addr.Prefix(length)
	if err != nil {
		return unknownNetwork
	}
	return network.String()
}

// lastDigits are what tells the numbers of one prefix apart.
const lastDigits = 4

// prefixOf returns a recipient's prefix: a number without its last four digits, or an
// address's mailbox.
func prefixOf(to recipient.Recipient) string {
	canonical := to.Canonical()
	if _, ok := to.Phone(); ok {
		return canonical[:max(len(canonical)-lastDigits, 0)]
	}
	return mailboxOf(canonical)
}

// mailboxOf returns an address without what large providers of mail pass over before the @:
// a tag (person+tag@example.com) and dots (Gmail, alone; elsewhere two people share the room
// of one prefix, which is far above what they need). Else one mailbox of eight letters has
// 128 rooms, and can be filled through each.
func mailboxOf(address string) string {
	local, domain, found := strings.Cut(address, "@")
	if !found {
		return address
	}
	local, _, _ = strings.Cut(local, "+")
	return strings.ReplaceAll(local, ".", "") + "@" + domain
}

// mailPrefix is the label under which the prefix of an address is named.
const mailPrefix = "prefix-mail"

// subjectOf returns what a delivery to a recipient is counted under. The network is named
// already: that of the client, or what a delivery's mark says.
func subjectOf(to recipient.Recipient, names otp.Keyring, network string) subject {
	_, isPhone := to.Phone()
	label := "prefix"
	if !isPhone {
		label = mailPrefix
	}
	return subject{
		mail: !isPhone, network: network, region: to.Region(),
		prefix: name(names, label, prefixOf(to)),
	}
}

// slots returns the cells of a delivery. The service's is always among them, as the last:
// operators' stops are in it.
func (r Rules) slots(s subject) []slot {
	var slots []slot
	add := func(wanted bool, slot slot) {
		if wanted {
			slots = append(slots, slot)
		}
	}
	network, prefixed, whole := networkKey, prefixKey, slot{
		name: "service", key: serviceKey, allowance: r.Allowances.Service, limit: r.Spend, kind: service,
	}
	if s.mail {
		network, prefixed = networkMailKey, prefixMailKey
		add(whole.allowance.Mode != Off, slot{name: "service", key: serviceMailKey, allowance: whole.allowance})
		whole.allowance = Allowance{}
	}
	add(r.Allowances.Network.Mode != Off && s.network != "", slot{name: "network", key: network + s.network, allowance: r.Allowances.Network})
	perPrefix := slot{name: "prefix", key: prefixed + s.prefix, allowance: r.Allowances.Prefix, kind: prefix}
	if r.Allowances.Prefix.Mode == Enforce {
		perPrefix.limit = r.Spend
	}
	add(r.Allowances.Prefix.Mode != Off, perPrefix)
	perRegion := slot{name: "region", key: regionKey + s.region, allowance: r.Allowances.Region, limit: r.RegionSpend.of(s.region), kind: region}
	add(!s.mail && (r.Allowances.Region.Mode != Off || perRegion.limit.Amount > 0), perRegion)
	return append(slots, whole)
}

// mostSpent returns what may be spent from a slot's purse in a window, and what e-mail may
// take of it.
func (s slot) mostSpent(c Cell, known bool, now time.Time) (Amount, Amount) {
	if s.kind == prefix {
		return s.limit.Amount / tenthPart, s.limit.Amount / tenthPart
	}
	limit := s.limit.Amount + c.Orders.Raise.at(now)
	return share(limit, known), limit / tenthPart
}

// payment returns what a delivery pays into a slot's purse as it was read, or nil where the
// slot has none.
func (s slot) payment(c Cell, price Amount, mail, known bool, now time.Time) *Payment {
	if s.limit.Amount == 0 {
		return nil
	}
	most, mostMail := s.mostSpent(c, known, now)
	return &Payment{
		Price: price, Most: most, Mail: mail && s.kind == service, MostMail: mostMail,
		Begins: !c.Purse.within(now), Now: now, Ends: now.Add(s.limit.Window),
	}
}

// keep returns until when a slot's cell is kept.
func (s slot) keep(c Cell, now time.Time) time.Time {
	if s.kind == service {
		return now.Add(serviceMemory)
	}
	const slack = 24 * time.Hour // a code's success comes later than its send
	until := later(now.Add(s.limit.Window), c.Purse.Ends, c.Orders.Raise.Until)
	if s.allowance.Mode != Off {
		until = later(until, s.allowance.keep(c.Strangers, now), s.allowance.keep(c.Known, now))
	}
	return until.Add(slack)
}

func later(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}
