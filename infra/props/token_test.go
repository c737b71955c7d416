package props_test

import (
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// What an app makes itself it knows only by tokens, which are of no form that could be checked.
func TestTokensAreAccepted(t *testing.T) {
	const token, element = "${Token[TOKEN.123]}", "#{Token[TOKEN.124]}"
	p := props.Default(built(t))
	p.Infobip = infobip(token, token, token)
	p.Alarms.TopicARN, p.ExistingTable, p.TableKeyARN, p.SecretKeyARN, p.LogKeyARN = token, token, token, token, token
	p.Secret = &props.ExistingSecret{ID: token}
	p.VPC = &props.VPC{SubnetIDs: []string{element}, SecurityGroupIDs: []string{token, "sg-0123456789abcdef0"}}
	p.Domain = &props.Domain{Name: "otp.example.com", CertificateARN: token, HostedZoneID: token}
	p.CORSOrigins = []string{"https://" + token, "https://app.example.com"}
	p.Settings = props.Settings{
		"PROOF_KEY": token, "PROOF_ISSUER": "https://" + token, "PROOF_PUBLISHED_KEYS": token, "CHALLENGE": "turnstile", "CHALLENGE_HOSTNAMES": "app.example.com",
	}
	err := p.Validate()
	if err != nil {
		t.Errorf("refused:\n%v", err)
	}
	// Beside a token everything else is looked at as ever.
	p.CORSOrigins[1] = "http://app.example.com"
	p.VPC.SecurityGroupIDs[1] = "group"
	p.Settings["PIN_TTL"] = "long"
	p.Infobip.MessageID = " "
	err = p.Validate()
	for _, name := range []string{"CORS_ORIGINS", "VPC_SECURITY_GROUP_IDS", "PIN_TTL", "INFOBIP_2FA_MSG_ID"} {
		if err == nil || strings.Count(err.Error(), name+" must be ") != 1 {
			t.Errorf("%s is not named once in:\n%v", name, err)
		}
	}
	if err != nil && strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("four faults gave other sentences:\n%v", err)
	}
}
