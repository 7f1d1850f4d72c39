// Command ecrpassword prints the password for the user AWS of an Amazon ECR, as
// `aws ecr get-login-password` does, so that examples need no aws CLI.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ecrpassword:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	reply, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return err
	}
	if len(reply.AuthorizationData) == 0 {
		return errors.New("the reply holds no token")
	}
	token, err := base64.StdEncoding.DecodeString(aws.ToString(reply.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return errors.New("the token is not base64") // the cause would quote it
	}
	_, password, _ := strings.Cut(string(token), ":")
	_, err = fmt.Fprintln(out, password)
	return err
}
