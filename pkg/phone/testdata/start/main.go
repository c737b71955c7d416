// Command start is the smallest program that holds the numbering plans. A test
// asks the Go runtime what their package does before main.
package main

import (
	"fmt"
	"os"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

func main() {
	n, err := phone.Parse("+14155552671")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(n.Region())
}
