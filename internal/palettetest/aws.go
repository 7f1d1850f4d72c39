package palettetest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// oneShot leaves no connection behind.
var oneShot = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// keys are the AWS credentials that a registration gives: its own keys, or a
// role that Palette's own keys may assume.
func (r *reader) keys(ctx context.Context) (aws.CredentialsProvider, error) {
	switch kind := r.text("credentials", "credentialType"); kind {
	case "secret":
		return credentials.NewStaticCredentialsProvider(r.text("credentials", "accessKey"), r.text("credentials", "secretKey"), ""), nil
	case "sts":
		own := r.server.opts.AWSAccess
		client := sts.New(sts.Options{
			Region: r.text("defaultRegion"), BaseEndpoint: aws.String(r.server.opts.AWSEndpoint), HTTPClient: oneShot,
			Credentials: credentials.NewStaticCredentialsProvider(own[0], own[1], ""),
		})
		in := &sts.AssumeRoleInput{RoleArn: aws.String(r.text("credentials", "sts", "arn")), RoleSessionName: aws.String("palette")}
		if id := r.text("credentials", "sts", "externalId"); id != "" {
			in.ExternalId = aws.String(id)
		}
		out, err := client.AssumeRole(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("assume role: %w", err)
		}
		return credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken), nil
	default:
		return nil, fmt.Errorf("credentialType %s does not work here", kind)
	}
}

func (r *reader) aws(ctx context.Context) (*ecr.Client, error) {
	keys, err := r.keys(ctx)
	if err != nil {
		return nil, err
	}
	return ecr.New(ecr.Options{
		Region: r.text("defaultRegion"), BaseEndpoint: aws.String(r.server.opts.AWSEndpoint), Credentials: keys, HTTPClient: oneShot,
	}), nil
}

func (r *reader) awsToken(ctx context.Context) (auth.Credential, error) {
	client, err := r.aws(ctx)
	if err != nil {
		return auth.EmptyCredential, err
	}
	out, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return auth.EmptyCredential, err
	}
	if len(out.AuthorizationData) == 0 || out.AuthorizationData[0].AuthorizationToken == nil {
		return auth.EmptyCredential, errors.New("no authorization token")
	}
	text, err := base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		return auth.EmptyCredential, err
	}
	user, password, _ := strings.Cut(string(text), ":")
	return auth.Credential{Username: user, Password: password}, nil
}

func (r *reader) awsRepositories(ctx context.Context) ([]string, error) {
	client, err := r.aws(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for pages := ecr.NewDescribeRepositoriesPaginator(client, &ecr.DescribeRepositoriesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for i := range page.Repositories {
			all = append(all, aws.ToString(page.Repositories[i].RepositoryName))
		}
	}
	return all, nil
}
