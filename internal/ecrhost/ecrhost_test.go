package ecrhost_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/ecrhost"
)

const acc = "123456789012"

var hosts = map[string]ecrhost.Host{
	"123456789012.dkr.ecr.us-east-1.amazonaws.com":                    {Account: acc, Region: "us-east-1"},
	"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com":               {Account: acc, Region: "us-east-1", FIPS: true},
	"123456789012.dkr-ecr.eu-central-1.on.aws":                        {Account: acc, Region: "eu-central-1", DualStack: true},
	"123456789012.dkr-ecr-fips.us-west-2.on.aws":                      {Account: acc, Region: "us-west-2", FIPS: true, DualStack: true},
	"123456789012.dkr.ecr.ap-southeast-7.amazonaws.com":               {Account: acc, Region: "ap-southeast-7"},
	"123456789012.dkr.ecr.us-gov-west-1.amazonaws.com":                {Account: acc, Region: "us-gov-west-1"},
	"123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com":           {Account: acc, Region: "us-gov-east-1", FIPS: true},
	"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":                {Account: acc, Region: "cn-north-1"},
	"123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn": {Account: acc, Region: "cn-northwest-1", DualStack: true},
	"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu":                {Account: acc, Region: "eusc-de-east-1"},
	"123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu":     {Account: acc, Region: "eusc-de-east-1", DualStack: true},
	"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov":                   {Account: acc, Region: "us-iso-east-1"},
	"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov":               {Account: acc, Region: "us-isob-east-1"},
	"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk":              {Account: acc, Region: "eu-isoe-west-1"},
	"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov":             {Account: acc, Region: "us-isof-south-1"},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, want := range hosts {
		got, ok := ecrhost.Parse(name)
		if !ok || got != want {
			t.Errorf("Parse(%s) = %+v, %v, want %+v", name, got, ok, want)
		}
		if back, err := want.Name(); err != nil || back != name {
			t.Errorf("%+v: %s, %v, want %s", want, back, err, name)
		}
		if got, ok := ecrhost.ParseEndpoint("https://" + name); !ok || got != want {
			t.Errorf("ParseEndpoint(https://%s) = %+v, %v", name, got, ok)
		}
	}
}

// lookAlikes are names that must never get a login for ECR.
var lookAlikes = []string{
	"",
	"amazonaws.com",
	"dkr.ecr.us-east-1.amazonaws.com",
	"12345678901.dkr.ecr.us-east-1.amazonaws.com",   // 11 digits
	"1234567890123.dkr.ecr.us-east-1.amazonaws.com", // 13 digits
	"12345678901x.dkr.ecr.us-east-1.amazonaws.com",
	"١٢٣٤٥٦٧٨٩٠١٢.dkr.ecr.us-east-1.amazonaws.com", // digits, but not ASCII
	"123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com.cn", // of China, with a region that is not
	"123456789012.dkr.ecr.cn-north-1.amazonaws.com",
	"123456789012.dkr.ecr.us-east-1.amazonaws.eu",
	"123456789012.dkr.ecr.us-east-1.amazonaws.co",
	"123456789012.dkr.ecr.us-east-1.amazonaws.comm",
	"123456789012.dkr.ecr.us-east-1.evilamazonaws.com",
	"123456789012.dkr.ecr.us-east-1.amazonaws-com.example",
	"123456789012.dkr.ecr.us-east-1xamazonaws.com",
	"123456789012xdkr.ecr.us-east-1.amazonaws.com",
	"123456789012.dkr_ecr.us-east-1.amazonaws.com",
	"123456789012.dkr-ecr.us-east-1.amazonaws.com", // dual-stack names end in on.aws
	"123456789012.dkr.ecr.us-east-1.on.aws",
	"123456789012.dkr-ecr.us-east-1.on.aws.example",
	"123456789012.dkr-ecr.us-iso-east-1.on.aws",
	"123456789012.dkr.ecr-fips2.us-east-1.amazonaws.com",
	"123456789012.dkr.ecr.evil.us-east-1.amazonaws.com",
	"123456789012.dkr.ecr..amazonaws.com",
	"123456789012.dkr.ecr.-.amazonaws.com",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com.",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com:443",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com:5000",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com/",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com/x",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com\n",
	"123456789012.dkr.ecr.us-east-1.amazonaws.com\x00.example",
	" 123456789012.dkr.ecr.us-east-1.amazonaws.com",
	"123456789012.DKR.ECR.us-east-1.amazonaws.com",
	"x@123456789012.dkr.ecr.us-east-1.amazonaws.com",
	"evil.example/123456789012.dkr.ecr.us-east-1.amazonaws.com",
	"evil.123456789012.dkr.ecr.us-east-1.amazonaws.com",
	"123456789012.dkr.ecr.us-east-1.vpce.amazonaws.com",
	"123456789012.dkr.ecr.us-east-1.api.aws",
	"api.ecr.us-east-1.amazonaws.com",
	"public.ecr.aws",
	"127.0.0.1:5000",
	"localhost",
}

func TestParseRefusesLookAlikes(t *testing.T) {
	t.Parallel()
	for _, name := range lookAlikes {
		if h, ok := ecrhost.Parse(name); ok {
			t.Errorf("Parse(%q) = %+v, want none", name, h)
		}
	}
	for _, endpoint := range []string{
		"http://123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com",
		"https://u:p@123456789012.dkr.ecr.us-east-1.amazonaws.com", "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2",
		"https://123456789012.dkr.ecr.us-east-1.amazonaws.com?x", "https://evil.example#.dkr.ecr.us-east-1.amazonaws.com",
	} {
		if h, ok := ecrhost.ParseEndpoint(endpoint); ok {
			t.Errorf("ParseEndpoint(%q) = %+v, want none", endpoint, h)
		}
	}
}

func TestNameRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		host ecrhost.Host
		want error
	}{
		{ecrhost.Host{Account: "1234", Region: "us-east-1"}, ecrhost.ErrAccount},
		{ecrhost.Host{Account: acc, Region: "us-east-1.evil.example/"}, ecrhost.ErrRegion},
		{ecrhost.Host{Account: acc}, ecrhost.ErrRegion},
		{ecrhost.Host{Account: acc, Region: "us-iso-east-1", DualStack: true}, nil},
	}
	for _, c := range cases {
		name, err := c.host.Name()
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%+v: %q, %v, want %v", c.host, name, err, c.want)
		}
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1": "aws", "mx-central-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn",
		"eusc-de-east-1": "aws-eusc", "us-isob-west-1": "aws-iso-b",
	} {
		if got := ecrhost.Partition(region); got != want {
			t.Errorf("Partition(%s) = %s, want %s", region, got, want)
		}
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"public.ecr.aws": true, "PUBLIC.ecr.aws": true, "ecr-public.aws.com": true, "public.ecr.aws.evil.example": false,
		"123456789012.dkr.ecr.us-east-1.amazonaws.com": false,
	} {
		if got := ecrhost.IsPublic(host); got != want {
			t.Errorf("IsPublic(%s) = %v", host, got)
		}
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://127.0.0.1:4566": "127.0.0.1:4566", "https://127.8.9.1:1/": "127.8.9.1:1", "http://[::1]:80": "[::1]:80",
		"http://localhost:4566": "localhost:4566", "http://localhost": "localhost",
		"http://localhost.evil.example": "", "http://127.0.0.1.evil.example:1": "", "http://10.0.0.1:1": "",
		"ftp://127.0.0.1": "", "http://u:p@127.0.0.1": "", "127.0.0.1:5000": "", "http://127.0.0.1@evil.example": "", "": "",
	} {
		got, ok := ecrhost.Loopback(address)
		if got != want || ok != (want != "") {
			t.Errorf("Loopback(%s) = %q, %v, want %q", address, got, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for name := range hosts {
		f.Add(name)
	}
	for _, name := range lookAlikes {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		h, ok := ecrhost.Parse(name)
		if !ok {
			return
		}
		if back, err := h.Name(); err != nil || back != name {
			t.Errorf("%q: parsed as %+v, which is %q, %v", name, h, back, err)
		}
		owned := []string{
			".amazonaws.com", ".on.aws", ".amazonaws.com.cn", ".on.amazonwebservices.com.cn", ".amazonaws.eu",
			".on.amazonwebservices.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
		}
		for _, suffix := range owned {
			if strings.HasSuffix(name, suffix) && strings.HasPrefix(name, h.Account+".dkr") && !strings.ContainsAny(name, "/:@? \n") {
				return
			}
		}
		t.Errorf("%q: not a name in a domain of ECR", name)
	})
}
