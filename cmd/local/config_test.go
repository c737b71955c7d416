package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// TestEverySettingIsRead: the gateway of a laptop reads what the table says, and takes
// all of it.
func TestEverySettingIsRead(t *testing.T) {
	asked, examples := map[string]bool{}, map[string]string{}
	for _, s := range settings.All() {
		if s.ReadBy(settings.Laptop) {
			examples[s.Name] = s.Example
		}
	}
	c, err := readConfig(func(name string) string { asked[name] = true; return examples[name] })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(examples)), slices.Sorted(maps.Keys(asked))); diff != "" {
		t.Errorf("it reads others than the table says (-table +read):\n%s", diff)
	}
	if c.port != 3010 || !slices.Equal(c.corsOrigins, []string{"https://app.example.com"}) || c.LogLevel != "WARN" {
		t.Errorf("port %d, origins %v, log level %s", c.port, c.corsOrigins, c.LogLevel)
	}
}

// TestLaptopsOwnDefaults: every channel, and no table unless there is a DynamoDB.
func TestLaptopsOwnDefaults(t *testing.T) {
	c, err := readConfig(env(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Guard.Channels, otp.Channels()) {
		t.Errorf("unset, the channels are %v", c.Guard.Channels)
	}
	if !c.simulate || c.port != 3000 || c.corsOrigins != nil || c.Table != "" {
		t.Errorf("simulate %t, port %d, origins %v, table %q", c.simulate, c.port, c.corsOrigins, c.Table)
	}
	c, err = readConfig(env(map[string]string{"CHANNELS": "sms", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}))
	if err != nil || !slices.Equal(c.Guard.Channels, []otp.Channel{otp.SMS}) || c.Table != "infobip-otp" {
		t.Errorf("set, the channels are %v, the table %q, %v", c.Guard.Channels, c.Table, err)
	}
}

// TestOriginKeysOfASecret: keys that are read from AWS need no variable.
func TestOriginKeysOfASecret(t *testing.T) {
	c, err := readConfig(env(map[string]string{
		"CLIENT_ADDRESS_HEADER": "X-Client-Address", "SECRET_ID": "otp", "INFOBIP_BASE_URL": "xyz.api.infobip.com",
		"INFOBIP_2FA_APP_ID": "APP1", "INFOBIP_2FA_MSG_ID": "MSG1",
	}))
	if err != nil || c.ClientAddress.Header != "X-Client-Address" {
		t.Errorf("got %q, %v", c.ClientAddress.Header, err)
	}
}
