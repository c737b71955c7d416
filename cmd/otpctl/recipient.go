package main

import (
	"errors"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/email"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// recipientPrompt is what a person is asked for.
const recipientPrompt = "phone number or e-mail address"

// parseRecipient reads a phone number, or an e-mail address if there is an @ in it. No error
// repeats it.
func parseRecipient(text string) (recipient.Recipient, error) {
	if strings.Contains(text, "@") {
		address, err := email.Parse(text)
		if err != nil {
			return recipient.Recipient{}, fails(errors.New("this is not a valid e-mail address"),
				"write the address alone, in ASCII, such as jane@example.com")
		}
		return recipient.OfEmail(address), nil
	}
	number, err := phone.Parse(text)
	if err != nil {
		return recipient.Recipient{}, fails(errors.New("this is not a valid phone number in E.164"),
			"write a plus, the country code and the rest, digits only, such as +14155552671")
	}
	return recipient.OfPhone(number), nil
}

// naming returns the member of a request's body that names a recipient.
func naming(to recipient.Recipient) (string, string) {
	if to.Kind() == recipient.Email {
		return "email", to.Canonical()
	}
	return "phoneNumber", to.Canonical()
}
