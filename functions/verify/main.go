// Command verify is the Lambda function behind POST /verify-otp.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

func main() {
	lambda.Start(app.MustStart(settings.Verify).Verify.Handle)
}
