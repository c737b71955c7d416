// Command send is the Lambda function behind POST /send-otp and POST /resend-otp.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

func main() {
	lambda.Start(app.MustStart(settings.Send).Send.Handle)
}
