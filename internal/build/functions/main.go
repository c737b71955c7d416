// Command functions builds the functions of the repository for Lambda.
//
//	functions -goarch ARCH -dist FOLDER              FOLDER/NAME/bootstrap and FOLDER/NAME.zip of each
//	functions -goarch ARCH -bootstrap FILE NAME      the executable of one
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-a131a524/infobip-otp/internal/build/lambda"
)

func main() {
	goarch := flag.String("goarch", "arm64", "`architecture` of the functions")
	dist := flag.String("dist", "", "`folder` for the executables and the zips of all functions")
	bootstrap := flag.String("bootstrap", "", "`file` for the executable of the one function that is named")
	flag.Parse()
	var err error
	switch {
	case *dist != "" && flag.NArg() == 0:
		err = all(*goarch, *dist)
	case *bootstrap != "" && flag.NArg() == 1:
		err = lambda.Build(context.Background(), ".", *goarch, flag.Arg(0), *bootstrap)
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// all builds every function, and prints the size of its zip.
func all(goarch, dist string) error {
	for _, function := range lambda.Functions() {
		bootstrap, out := filepath.Join(dist, function, "bootstrap"), filepath.Join(dist, function+".zip")
		err := lambda.Build(context.Background(), ".", goarch, function, bootstrap)
		if err != nil {
			return err
		}
		err = lambda.Zip(out, bootstrap)
		if err != nil {
			return err
		}
		info, err := os.Stat(out)
		if err != nil {
			return fmt.Errorf("looking at the zip: %w", err)
		}
		fmt.Println(out, info.Size(), "bytes")
	}
	return nil
}
