package props

// StackName is the name of a stage's stack, which `make deploy` deploys.
func StackName(stage string) string { return "infobip-otp-" + stage }
