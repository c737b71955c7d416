module github.com/seed-a131a524/infobip-otp/test/sdk

go 1.26.8

require (
	github.com/infobip/infobip-api-go-client/v3 v3.2.0
	github.com/seed-a131a524/infobip-otp v0.0.0
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	gopkg.in/validator.v2 v2.0.1 // indirect
)

replace github.com/seed-a131a524/infobip-otp => ../..
