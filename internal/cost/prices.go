package cost

// PricesOf is the day on which the prices were last compared with AWS's pages, as public copies
// have them. They are list prices of us-east-1 without any free tier.
const PricesOf = "27 November 2026"

// Price is a list price in US dollars.
type Price struct {
	Name   string
	USD    float64
	Per    string
	Source string
}

const (
	million      = 1e6
	perMillion   = "a million"
	perGB        = "a GB"
	perMonth     = "a month"
	perGBMonth   = "a GB and month"
	dynamoDBPage = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
	lambdaPage   = "https://aws.amazon.com/lambda/pricing/"
	watchPage    = "https://aws.amazon.com/cloudwatch/pricing/"
	kmsPage      = "https://aws.amazon.com/kms/pricing/"
	wafPage      = "https://aws.amazon.com/waf/pricing/"
)

// The prices.
var (
	WriteUnit    = Price{"DynamoDB on demand, write request unit", 0.625, perMillion, dynamoDBPage}
	ReadUnit     = Price{"DynamoDB on demand, read request unit", 0.125, perMillion, dynamoDBPage}
	TableStorage = Price{"DynamoDB, storage", 0.25, perGBMonth, dynamoDBPage}
	TableBackup  = Price{"DynamoDB, point-in-time recovery", 0.20, perGBMonth, dynamoDBPage}
	Invocation   = Price{"Lambda, request", 0.20, perMillion, lambdaPage}
	GBSecond     = Price{"Lambda on arm64, GB-second, INIT included", 13.3334, perMillion, lambdaPage}
	APIRequest   = Price{"API Gateway, HTTP API request of up to 512 KB", 1.00, perMillion, "https://aws.amazon.com/api-gateway/pricing/"}
	LogIngestion = Price{"CloudWatch Logs, ingestion (standard class)", 0.50, perGB, watchPage}
	LogStorage   = Price{"CloudWatch Logs, storage", 0.03, perGBMonth, watchPage}
	Metric       = Price{"CloudWatch, metric", 0.30, perMonth, watchPage}
	AlarmMetric  = Price{"CloudWatch, metric that an alarm reads", 0.10, perMonth, watchPage}
	Dashboard    = Price{"CloudWatch, dashboard", 3.00, perMonth, watchPage}
	Secret       = Price{"Secrets Manager, secret", 0.40, perMonth, "https://aws.amazon.com/secrets-manager/pricing/"}
	SecretCall   = Price{"Secrets Manager, call", 5.00, perMillion, "https://aws.amazon.com/secrets-manager/pricing/"}
	Key          = Price{"KMS, key of one's own", 1.00, perMonth, kmsPage}
	Signature    = Price{"KMS, call (RSA_2048 signatures too)", 3.00, perMillion, kmsPage}
	Trace        = Price{"X-Ray, trace recorded", 5.00, perMillion, "https://aws.amazon.com/xray/pricing/"}
	Outgoing     = Price{"data to the internet", 0.09, perGB, "https://aws.amazon.com/ec2/pricing/on-demand/"}
	EdgeRequest  = Price{"CloudFront, HTTPS request (North America, Europe)", 1.00, perMillion, "https://aws.amazon.com/cloudfront/pricing/pay-as-you-go/"}
	WebACL       = Price{"AWS WAF, web ACL", 5.00, perMonth, wafPage}
	WebRule      = Price{"AWS WAF, rule", 1.00, perMonth, wafPage}
	WebRequest   = Price{"AWS WAF, request", 0.60, perMillion, wafPage}
)

// Prices returns every price, in the order of the documents.
func Prices() []Price {
	return []Price{
		WriteUnit, ReadUnit, TableStorage, TableBackup, Invocation, GBSecond, APIRequest, LogIngestion, LogStorage, Metric, AlarmMetric,
		Dashboard, Secret, SecretCall, Key, Signature, Trace, Outgoing, EdgeRequest, WebACL, WebRule, WebRequest,
	}
}
