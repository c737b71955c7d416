package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
)

// findApplication returns the application to update, or none (without an ID) if it
// is to be created. Of several with the name none is better than the others.
func (p *provision) findApplication(ctx context.Context, api *infobip.Provisioner) (infobip.Application, error) {
	if p.appID != "" {
		return api.Application(ctx, p.appID)
	}
	all, err := api.Applications(ctx)
	if err != nil {
		return infobip.Application{}, err
	}
	var named []infobip.Application
	var ids []string
	for _, application := range all {
		if application.Name == p.policy.name {
			named = append(named, application)
			ids = append(ids, application.ID)
		}
	}
	switch len(named) {
	case 0:
		if p.messageID != "" {
			return infobip.Application{}, fails(fmt.Errorf("--message-id names a template, but there is no application with the name %q yet", p.policy.name),
				"name the template's application with --app-id or --name")
		}
		return infobip.Application{}, nil
	case 1:
		return named[0], nil
	}
	return infobip.Application{}, fails(fmt.Errorf("%d applications have the name %q: %s", len(named), p.policy.name, strings.Join(ids, ", ")),
		"say which one with --app-id, or choose another --name")
}

// findMessage returns the template to update, or none if it is to be created.
func (p *provision) findMessage(ctx context.Context, api *infobip.Provisioner, applicationID string) (infobip.Message, error) {
	if p.messageID != "" {
		found, err := api.Message(ctx, applicationID, p.messageID)
		if err == nil && found.Text == nil {
			return infobip.Message{}, fails(fmt.Errorf("the template %s has no text: it is one for e-mail", found.ID), "leave --message-id away, or name a template for SMS")
		}
		return found, err
	}
	all, err := api.Messages(ctx, applicationID)
	if err != nil {
		return infobip.Message{}, err
	}
	var texts, same []infobip.Message
	var ids, sameIDs []string
	for _, message := range all {
		if message.Text == nil {
			continue // for e-mail
		}
		texts, ids = append(texts, message), append(ids, message.ID)
		if *message.Text == p.policy.text {
			same, sameIDs = append(same, message), append(sameIDs, message.ID)
		}
	}
	switch {
	case len(same) == 1:
		return same[0], nil
	case len(same) > 1:
		return infobip.Message{}, fails(fmt.Errorf("%d message templates of the application %s have this text: %s", len(same), applicationID, strings.Join(sameIDs, ", ")),
			"say which one with --message-id")
	case len(texts) > 1:
		return infobip.Message{}, fails(fmt.Errorf("the application %s has %d message templates, and none has this text: %s", applicationID, len(texts), strings.Join(ids, ", ")),
			"say with --message-id which one shall have it")
	case len(texts) == 1:
		return texts[0], nil
	}
	return infobip.Message{}, nil
}

// overlay is found with what want names. What want does not know about (a voice,
// another country's registration) is sent as it was, in case an update replaces
// the whole template.
func overlay(found, want infobip.Message) infobip.Message {
	found.Text, found.PinType, found.PinLength = want.Text, want.PinType, want.PinLength
	found.SenderID = cmp.Or(want.SenderID, found.SenderID)
	found.Language = cmp.Or(want.Language, found.Language)
	found.VoiceName = cmp.Or(want.VoiceName, found.VoiceName)
	found.SpeechRate = cmp.Or(want.SpeechRate, found.SpeechRate)
	found.RepeatDTMF = cmp.Or(want.RepeatDTMF, found.RepeatDTMF)
	if india := indiaOf(want.Regional); india != nil {
		found.Regional = regionalOf(found.Regional, *india)
	}
	found.EmailTemplateID = cmp.Or(want.EmailTemplateID, found.EmailTemplateID)
	found.From = cmp.Or(want.From, found.From)
	found.LandingPageID = cmp.Or(want.LandingPageID, found.LandingPageID)
	return found
}

// explain adds to a call's error what to do about it.
func explain(err error, baseURL string) error {
	if _, known := errors.AsType[*failure](err); known {
		return err
	}
	call, ok := errors.AsType[*infobip.CallError](err)
	if !ok {
		return fails(err)
	}
	switch {
	case call.Status == 0 && !call.Sent:
		return fails(err, "look at INFOBIP_BASE_URL or --base-url ("+baseURL+"), and at the network on the way there")
	case call.Status == 0 || call.Status >= 500:
		return fails(err, "run it again: what was made meanwhile is found by its name")
	case call.Status == http.StatusUnauthorized:
		return fails(err, "the key has to be of the account that the base URL names, and not expired: see the API keys in the Infobip portal")
	case call.Status == http.StatusForbidden:
		return fails(err, "the key needs the scope 2fa:manage: see the API keys in the Infobip portal")
	case call.Status == http.StatusNotFound:
		return fails(err, "look at --app-id and --message-id; without them, things are found by name and text")
	case call.Status == http.StatusTooManyRequests:
		return fails(err, "wait ten minutes and run it again")
	case call.Status == http.StatusBadRequest:
		return fails(err, "change what Infobip names, and run it again")
	}
	return fails(err, "look at INFOBIP_BASE_URL or --base-url ("+baseURL+")")
}
