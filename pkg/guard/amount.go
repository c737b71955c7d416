package guard

import (
	"fmt"
	"strconv"
	"strings"
)

// Amount is money in millionths of the owner's unit, so that sums are exact.
type Amount int64

// decimals of an amount, and the millionths in one.
const (
	amountDecimals = 6
	one            = Amount(1_000_000)
)

// Bounds of what an owner may write. A price above the first is a slip of the decimal point,
// and no sum of messages of a window comes near what an Amount holds.
const (
	mostPrice = 1_000 * one
	mostLimit = 1_000_000_000 * one
)

// parseAmount reads a decimal number of at most six decimals, above zero.
func parseAmount(text string, most Amount) (Amount, bool) {
	whole, fraction, dotted := strings.Cut(text, ".")
	if dotted && fraction == "" || len(fraction) > amountDecimals || !digits(whole) || !digits(fraction+"0") {
		return 0, false
	}
	const longest = 12 // far above every bound, far below what overflows
	if len(whole) > longest {
		return 0, false
	}
	millionths, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", amountDecimals-len(fraction)), 10, 64)
	amount := Amount(millionths)
	return amount, err == nil && amount > 0 && amount <= most
}

// ParseAmount reads an amount of money, such as 100 or 0.08.
func ParseAmount(text string) (Amount, error) {
	amount, ok := parseAmount(text, mostLimit)
	if !ok {
		return 0, formError("an amount such as 100 or 0.08: at most six decimals, above 0")
	}
	return amount, nil
}

// digits reports whether a text is ASCII digits, at least one.
func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// String writes the amount as the settings have it, with two decimals at least.
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	fraction := fmt.Sprintf("%06d", a%one)
	const least = 2
	for len(fraction) > least && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	return fmt.Sprintf("%s%d.%s", sign, a/one, fraction)
}
