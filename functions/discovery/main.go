// Command discovery is the Lambda function behind GET / and every unknown route.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

func main() {
	logger := telemetry.NewLogger(os.Stdout, os.Getenv("AWS_LAMBDA_LOG_LEVEL"))
	lambda.Start(httpapi.NewDiscovery(logger).Handle)
}
