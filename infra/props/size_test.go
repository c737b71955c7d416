package props_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// manyRegions is a price or a limit of each of n regions.
func manyRegions(format string, n int) string {
	regions := strings.Fields(`AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ
		CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG
		GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB`)
	var list []string
	for _, region := range regions[:n] {
		list = append(list, fmt.Sprintf(format, region))
	}
	return strings.Join(list, ",")
}

// Lambda refuses an environment over 4 KB in the middle of a deployment, and does not say of what.
func TestEnvironmentOverLambdasLimit(t *testing.T) {
	p := props.Default(built(t))
	p.Infobip = infobip("abc123.api.infobip.com", "A1", "M1")
	p.Settings["SMS_PRICES"] = "*=0.10," + manyRegions("%s=0.0812", 100)
	p.Settings["VOICE_PRICES"] = "*=0.30," + manyRegions("%s=0.12", 40)
	p.Settings["REGION_SPEND_LIMIT"] = manyRegions("%s=100/1d", 50)
	err := p.Validate()
	if err != nil {
		t.Fatalf("an environment below 4 KB is refused: %v", err)
	}
	p.Settings["REGION_SPEND_LIMIT"] = manyRegions("%s=100.50/30d", 120)
	err = p.Validate()
	if err == nil {
		t.Fatal("an environment over 4 KB is accepted")
	}
	for _, want := range []string{"the environment of send must be at most 4096 bytes: it has 4", "most of them in REGION_SPEND_LIMIT (1679), SMS_PRICES (1006), VOICE_PRICES (326)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "verify") || strings.Contains(err.Error(), "\n") {
		t.Errorf("send alone reads prices, and there is one fault:\n%v", err)
	}
}

// A key of the owner's signs before those of the stack, which are all published then.
func TestEstimateHasEveryKeyOfProofs(t *testing.T) {
	p := props.Default(built(t))
	const ownersKey = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	published := func() int { return strings.Count(p.Estimate(settings.Discovery)["PROOF_PUBLISHED_KEYS"], "?") }
	for _, test := range []struct {
		owners    string
		stackKeys []string
		want      int
	}{
		{"", nil, 0},
		{"", []string{"1"}, 0},
		{"", []string{"2", "1"}, 120},
		{ownersKey, nil, 0},
		{ownersKey, []string{"1"}, 120},
		{ownersKey, []string{"2", "1"}, 240},
	} {
		p.Settings["PROOF_KEY"], p.ProofStackKeys = test.owners, test.stackKeys
		if got := published(); got != test.want {
			t.Errorf("PROOF_KEY=%q and the stack's %v: %d bytes of published keys that only the deployment knows, want %d", test.owners, test.stackKeys, got, test.want)
		}
	}
}

// The longest list of messages that is taken at all fits beside the other settings.
func TestTheLongestListFits(t *testing.T) {
	p := props.Default(built(t))
	p.Infobip = infobip("abc123.api.infobip.com", "9C817C6F8AF3D48F9FE553282AFA2B67", "9C817C6F8AF3D48F9FE553282AFA2B68")
	list := "sms/*=9C817C6F8AF3D48F9FE553282AFA2B67"
	for i := 0; len(list)+len(",email/en-x-a0000=") < catalog.MaxList; i++ {
		list += fmt.Sprintf(",email/en-x-a%04d=9C817C6F8AF3D48F9FE553282AFA%04X", i, i)
		list = list[:min(len(list), catalog.MaxList)]
	}
	p.Settings["INFOBIP_2FA_MESSAGES"] = list
	p.Settings["INFOBIP_SMS_ENDING"] = `\n@example.com #`
	if err := p.Validate(); err != nil {
		t.Errorf("with a list of %d characters: %v", len(list), err)
	}
}
