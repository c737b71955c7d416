package guard

import (
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// The forms of the guard's settings, each with the words for what is accepted, to stand
// behind "must be".

// anyRegion stands for every region that is not named, and for what has none.
const anyRegion = "*"

// Prices are the prices of one channel's messages, by region; "*" is there.
type Prices map[string]Amount

// PricesForm is the accepted form of prices.
const PricesForm = "prices such as *=0.08,US=0.01: a region's code or *, which must be there, and a price of at most six decimals up to 1000, above 0"

// ParsePrices reads prices.
func ParsePrices(text string) (Prices, error) {
	prices, ok := parseByRegion(text, func(value string) (Amount, bool) { return parseAmount(value, mostPrice) })
	if _, general := prices[anyRegion]; !ok || !general {
		return nil, formError(PricesForm)
	}
	return prices, nil
}

// of returns the price of a message to a region; an empty one is that of e-mail.
func (p Prices) of(region string) Amount {
	if price, ok := p[region]; ok {
		return price
	}
	return p[anyRegion]
}

// Limit is money for a window. The zero Limit is none.
type Limit struct {
	Amount Amount
	Window time.Duration
}

// The windows of limits and allowances.
const (
	shortestWindow = time.Minute
	longestWindow  = 365 * rate.Day
)

// LimitForm is the accepted form of a limit.
const LimitForm = "an amount and a window such as 50/1d: at most six decimals, above 0, for 1m to 365d"

// ParseLimit reads a limit.
func ParseLimit(text string) (Limit, error) {
	limit, ok := parseLimit(text)
	if !ok {
		return Limit{}, formError(LimitForm)
	}
	return limit, nil
}

func parseLimit(text string) (Limit, bool) {
	amount, window, found := strings.Cut(text, "/")
	a, amountOK := parseAmount(amount, mostLimit)
	w, err := parseWindow(window)
	return Limit{Amount: a, Window: w}, found && amountOK && err == nil
}

func parseWindow(text string) (time.Duration, error) {
	window, err := rate.ParseDuration(text)
	if err == nil && (window < shortestWindow || window > longestWindow) {
		err = formError("from 1m to 365d")
	}
	return window, err
}

// String writes the limit as a setting has it.
func (l Limit) String() string { return l.Amount.String() + "/" + rate.FormatDuration(l.Window) }

// RegionLimits are limits by region; "*", if it is there, is the limit of each other one.
type RegionLimits map[string]Limit

// RegionLimitsForm is the accepted form of region limits.
const RegionLimitsForm = "limits such as *=20/1d,US=100/1d: a region's code or *, and an amount of at most six decimals above 0 for 1m to 365d"

// ParseRegionLimits reads limits by region.
func ParseRegionLimits(text string) (RegionLimits, error) {
	limits, ok := parseByRegion(text, parseLimit)
	if !ok {
		return nil, formError(RegionLimitsForm)
	}
	return limits, nil
}

func (l RegionLimits) of(region string) Limit {
	if limit, ok := l[region]; ok {
		return limit
	}
	return l[anyRegion]
}

// parseByRegion reads entries such as US=VALUE with commas between them, each region once.
func parseByRegion[T any](text string, parse func(string) (T, bool)) (map[string]T, bool) {
	values := map[string]T{}
	for entry := range strings.SplitSeq(text, ",") {
		region, text, found := strings.Cut(strings.TrimSpace(entry), "=")
		value, ok := parse(text)
		_, twice := values[region]
		if !found || !ok || twice || region != anyRegion && !phone.IsRegion(region) {
			return nil, false
		}
		values[region] = value
	}
	return values, true
}

// Mode is what becomes of a delivery for which a cell has no room.
type Mode string

// Modes. The zero Mode is Off.
const (
	Off     Mode = ""        // nothing is counted
	Record  Mode = "record"  // it passes, and the log says that it would not
	Enforce Mode = "enforce" // it is refused
)

// Allowance is the rule of one kind of cell; allowance.go says what it means. The zero
// Allowance is off.
type Allowance struct {
	Mode   Mode
	Floor  int
	Window time.Duration
	// Growth is in tenths of a send.
	Growth int
}

// Bounds of an allowance: an owner who needs more has no use for one.
const (
	mostFloor  = 1_000_000
	mostGrowth = 1_000 * tenths
	tenths     = 10
	offWord    = "off"
)

// AllowanceForm is the accepted form of an allowance.
const AllowanceForm = "off, or record or enforce and FLOOR/WINDOW+GROWTH such as enforce 10/1d+3: a floor from 1 to 1000000, a window from 1m to 365d, a growth from 0 to 1000 with at most one decimal"

// ParseAllowance reads an allowance.
func ParseAllowance(text string) (Allowance, error) {
	if text == offWord {
		return Allowance{}, nil
	}
	mode, figures, _ := strings.Cut(text, " ")
	figures, growth, grows := strings.Cut(figures, "+")
	floor, err := rate.Parse(figures)
	a := Allowance{Mode: Mode(mode), Floor: floor.Attempts, Window: floor.Window}
	tenth, growthOK := parseTenths(growth)
	a.Growth = tenth
	modeOK := a.Mode == Record || a.Mode == Enforce
	windowOK := a.Window >= shortestWindow && a.Window <= longestWindow
	if err != nil || !modeOK || !windowOK || a.Floor < 1 || a.Floor > mostFloor || !grows || !growthOK {
		return Allowance{}, formError(AllowanceForm)
	}
	return a, nil
}

func parseTenths(text string) (int, bool) {
	whole, fraction, dotted := strings.Cut(text, ".")
	if !digits(whole) || dotted && !(len(fraction) == 1 && digits(fraction)) {
		return 0, false
	}
	if !dotted {
		fraction = "0"
	}
	value, err := strconv.Atoi(whole + fraction)
	return value, err == nil && value <= mostGrowth
}

// String writes the allowance as a setting has it.
func (a Allowance) String() string {
	if a.Mode == Off {
		return offWord
	}
	growth := strconv.Itoa(a.Growth / tenths)
	if a.Growth%tenths != 0 {
		growth += "." + strconv.Itoa(a.Growth%tenths)
	}
	return fmt.Sprintf("%s %d/%s+%s", a.Mode, a.Floor, rate.FormatDuration(a.Window), growth)
}

// Allowances are the rules of the four kinds of cell.
type Allowances struct{ Network, Prefix, Region, Service Allowance }

// DefaultAllowances returns the defaults, which `make attack` measures (docs/abuse.md).
func DefaultAllowances() Allowances {
	// What a room may hold follows the business of so long a time: a day's would be an
	// attacker's at night as well, and below zero it would take a day to come back.
	const quarterDay = rate.Day / 4
	return Allowances{
		Network: Allowance{Mode: Enforce, Floor: 10, Window: rate.Day, Growth: 3 * tenths},
		Prefix:  Allowance{Mode: Enforce, Floor: 20, Window: rate.Day, Growth: 3 * tenths},
		Region:  Allowance{Mode: Enforce, Floor: 25, Window: quarterDay, Growth: 2 * tenths},
		Service: Allowance{Mode: Enforce, Floor: 40, Window: quarterDay, Growth: 15},
	}
}

// Faults returns what the rules forbid in one another's company: settings that would let one
// stranger shut out others, or nobody send at all.
func (r Rules) Faults() []*SettingError {
	var found []*SettingError
	network, prefix := r.Allowances.Network, r.Allowances.Prefix
	if network.Mode != Off && prefix.Mode != Off {
		// Floors per second, as products: Window is at most a year, Floor at most a million.
		faster := int64(network.Floor)*prefix.Window.Milliseconds() >= int64(prefix.Floor)*network.Window.Milliseconds()
		if network.Floor >= prefix.Floor || faster {
			found = append(found, &SettingError{"NETWORK_ALLOWANCE", fmt.Sprintf(
				"an allowance whose floor, and floor per second, are below PREFIX_ALLOWANCE's (%s): else one address could fill its neighbours' prefix", prefix)})
		}
	}
	if least, _ := r.needed(); r.Spend.Amount > 0 && r.Spend.Amount < least {
		found = append(found, &SettingError{"SPEND_LIMIT", fmt.Sprintf("none, or at least %s: less pays for no message", least)})
	}
	return found
}

// Warnings returns what an owner should know of rules that are allowed.
func (r Rules) Warnings() []string {
	var found []string
	warn := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	dearest := r.dearest()
	const part = 10
	for name, a := range r.Allowances.byName() {
		if floor := Amount(a.Floor) * dearest; a.Mode != Off && r.Spend.Amount > 0 && floor > r.Spend.Amount/part {
			warn("%s has a floor of %d: at the dearest price (%s) that is %s, more than a tenth of SPEND_LIMIT (%s)",
				name, a.Floor, dearest, floor, r.Spend)
		}
	}
	if least, most := r.needed(); r.Spend.Amount >= least && r.Spend.Amount < most {
		warn("SPEND_LIMIT (%s) pays for no message at the dearest price (%s): it would take %s", r.Spend, dearest, most)
	}
	if s := r.Allowances.Service; s.Mode == Enforce && s.Growth < tenths {
		const percent = 100
		warn("SERVICE_ALLOWANCE has a growth of %d.%d: a service of which fewer than %d %% of the sends are verified for %s shuts itself",
			s.Growth/tenths, s.Growth%tenths, (percent*tenths+tenths+s.Growth-1)/(tenths+s.Growth), rate.FormatDuration(s.Window))
	}
	return found
}

// byName yields the settings of the allowances in the order of the cells.
func (a Allowances) byName() func(yield func(string, Allowance) bool) {
	return func(yield func(string, Allowance) bool) {
		_ = yield("NETWORK_ALLOWANCE", a.Network) && yield("PREFIX_ALLOWANCE", a.Prefix) &&
			yield("REGION_ALLOWANCE", a.Region) && yield("SERVICE_ALLOWANCE", a.Service)
	}
}

// SettingError is a setting that is not what it must be.
type SettingError struct {
	// Setting is the variable's name.
	Setting string
	// Form says what it must be.
	Form string
}

func (e *SettingError) Error() string { return e.Setting + " must be " + e.Form }

// formError is an accepted form.
type formError string

func (e formError) Error() string { return "must be " + string(e) }

// MessagePrices are the prices of every channel's messages.
type MessagePrices struct{ SMS, Voice, Mail Prices }

// DefaultPrices returns the defaults. They are guesses on the dear side: an owner who sets a
// limit knows better.
func DefaultPrices() MessagePrices {
	return MessagePrices{
		SMS:   Prices{anyRegion: one / 10},
		Voice: Prices{anyRegion: one * 3 / 10},
		Mail:  Prices{anyRegion: one / 1000},
	}
}

func (m MessagePrices) of(channel otp.Channel) Prices {
	switch channel {
	case otp.Voice:
		return m.Voice
	case otp.Email:
		return m.Mail
	}
	return m.SMS
}

// dearest returns the highest price of a message that the owner sends at all.
func (r Rules) dearest() Amount {
	most := Amount(0)
	for _, price := range r.prices() {
		most = max(most, price)
	}
	return most
}

// needed returns the least SPEND_LIMIT that pays for a stranger's message at the price that
// asks least of it, and the one that does so at every price.
func (r Rules) needed() (Amount, Amount) {
	least, most := Amount(math.MaxInt64), Amount(0)
	for channel, price := range r.prices() {
		need := (price*fifths + strangersShare - 1) / strangersShare
		if channel == otp.Email || r.Allowances.Prefix.Mode == Enforce {
			need = price * tenthPart
		}
		least, most = min(least, need), max(most, need)
	}
	return min(least, most), most
}

// prices yields what the messages cost that the owner sends at all.
func (r Rules) prices() iter.Seq2[otp.Channel, Amount] {
	return func(yield func(otp.Channel, Amount) bool) {
		for _, channel := range r.Channels {
			for region, price := range r.Prices.of(channel) {
				if (region == anyRegion || r.region(region)) && !yield(channel, price) {
					return
				}
			}
		}
	}
}
