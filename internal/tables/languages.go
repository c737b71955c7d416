package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

// localHost is that of local runs, with whose last line the table's messages are measured.
const localHost = "localhost"

// languages reads the file of messages that ships.
func languages(root string) (*messages.File, error) {
	data, err := messages.ReadFile(filepath.Join(root, "messages.yaml"))
	if err != nil {
		return nil, err
	}
	file, faults := messages.Parse(data, messages.Options{WebOTP: localHost})
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("messages.yaml: %w", err)
	}
	return file, nil
}

// languagesTable lists the locales of a file: what their SMS take, how long the host of its
// last line may be, and what a message costs by each channel at the prices by default.
func languagesTable(file *messages.File) (string, error) {
	const pin = "123456"
	costs, err := pricesByDefault()
	if err != nil {
		return "", err
	}
	var table strings.Builder
	table.WriteString("| locale | SMS | encoding | characters | segments | longest host | by SMS | by voice | by e-mail |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, tag := range locales(file) {
		var cells [9]string
		for i := range cells {
			cells[i] = "-"
		}
		cells[0] = "`" + tag.String() + "`"
		for _, m := range file.Messages {
			if m.Locale != tag {
				continue
			}
			switch m.Channel {
			case otp.SMS:
				size := m.Size(pin)
				spoken, _, _ := strings.Cut(m.Delivered(pin), "\n@")
				cells[1], cells[2] = spoken, string(size.Encoding)
				cells[3], cells[4] = strconv.Itoa(size.Characters), strconv.Itoa(size.Segments)
				cells[5] = strconv.Itoa(longest(size))
				cells[6] = amount(size.Segments, costs[otp.SMS])
			case otp.Voice:
				cells[7] = amount(1, costs[otp.Voice])
			case otp.Email:
				cells[8] = amount(1, costs[otp.Email])
			}
		}
		table.WriteString(row(cells[:]...))
	}
	return table.String(), nil
}

// locales returns those of a file in the order in which they first come.
func locales(file *messages.File) []locale.Tag {
	var tags []locale.Tag
	seen := map[locale.Tag]bool{}
	for _, m := range file.Messages {
		if !seen[m.Locale] {
			seen[m.Locale] = true
			tags = append(tags, m.Locale)
		}
	}
	return tags
}

// longest returns how many characters a host may have with which a message is still one
// segment.
func longest(size sms.Size) int {
	room := sms.MaxBytes * 8 / 7
	if size.Encoding == sms.UCS2 {
		room = sms.MaxBytes / 2
	}
	return min(room-size.Characters+len(localHost), messages.MaxHost)
}

// pricesByDefault returns what a message costs by each channel where nobody says otherwise.
func pricesByDefault() (map[otp.Channel]float64, error) {
	names := map[string]otp.Channel{"SMS_PRICES": otp.SMS, "VOICE_PRICES": otp.Voice, "EMAIL_PRICES": otp.Email}
	prices := map[otp.Channel]float64{}
	for _, s := range settings.All() {
		channel, ok := names[s.Name]
		if !ok {
			continue
		}
		price, err := strconv.ParseFloat(strings.TrimPrefix(s.Default, "*="), 64)
		if err != nil {
			return nil, fmt.Errorf("the default of %s is not one price: %w", s.Name, err)
		}
		prices[channel] = price
	}
	if len(prices) != len(names) {
		return nil, fmt.Errorf("%d channels have a price, want %d", len(prices), len(names))
	}
	return prices, nil
}

func amount(segments int, price float64) string {
	return strconv.FormatFloat(float64(segments)*price, 'f', -1, 64)
}
