package ecr

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// FuzzReadToken reads any token; what is wrong with one does not quote it.
func FuzzReadToken(f *testing.F) {
	for _, s := range []string{"AWS:canary", "AWS:", "canary", "user:canary", "AWS:a:b\n"} {
		f.Add(base64.StdEncoding.EncodeToString([]byte(s)), "https://111111111111.dkr.ecr.eu-west-1.amazonaws.com", int64(43200))
	}
	f.Add("canary", "", int64(-1))
	asked := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text, endpoint string, seconds int64) {
		seconds %= 1 << 30
		ends := asked.Add(time.Duration(seconds) * time.Second)
		got, err := readToken(&ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{AuthorizationToken: &text, ProxyEndpoint: &endpoint, ExpiresAt: aws.Time(ends)}}}, asked)
		if err != nil {
			if !errors.Is(err, errBadToken) || len(text) > 8 && strings.Contains(err.Error(), text) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if plain, err := base64.StdEncoding.DecodeString(text); err != nil || string(plain) != userName+":"+got.password || got.password == "" {
			t.Errorf("%q: %q, %v", text, got.password, err)
		}
		if got.renew.After(got.ends) || got.renew.Before(asked) {
			t.Errorf("asked for at %v, ends at %v, renewed at %v", asked, got.ends, got.renew)
		}
	})
}
