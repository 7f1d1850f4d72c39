// Package ecrhost knows the host names of Amazon ECR. A login for ECR may go
// to such a host and to no other, so a name counts only when it is exactly the
// one that its account, region and options make; look-alikes do not.
package ecrhost

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Host is the address of a private registry, taken apart.
type Host struct {
	Account   string // 12 digits
	Region    string
	FIPS      bool
	DualStack bool
}

// partition is a separate part of AWS with domains of its own.
type partition struct {
	id        string
	prefix    string // of its regions
	suffix    string
	dualStack string // "" where no dual-stack names are known
}

// partitions lists the special ones; a region of none of them is of the first.
// Source: the partitions of the AWS SDK, and the endpoints page of ECR.
var partitions = []partition{
	{id: "aws", suffix: "amazonaws.com", dualStack: "on.aws"},
	{id: "aws-us-gov", prefix: "us-gov-", suffix: "amazonaws.com", dualStack: "on.aws"},
	{id: "aws-cn", prefix: "cn-", suffix: "amazonaws.com.cn", dualStack: "on.amazonwebservices.com.cn"},
	{id: "aws-eusc", prefix: "eusc-", suffix: "amazonaws.eu", dualStack: "on.amazonwebservices.eu"},
	{id: "aws-iso", prefix: "us-iso-", suffix: "c2s.ic.gov"},
	{id: "aws-iso-b", prefix: "us-isob-", suffix: "sc2s.sgov.gov"},
	{id: "aws-iso-e", prefix: "eu-isoe-", suffix: "cloud.adc-e.uk"},
	{id: "aws-iso-f", prefix: "us-isof-", suffix: "csp.hci.ic.gov"},
}

func partitionOf(region string) partition {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.prefix) {
			return p
		}
	}
	return partitions[0]
}

// Partition is the partition of a region as ARNs name it: "aws", "aws-cn", ….
func Partition(region string) string { return partitionOf(region).id }

var (
	account = regexp.MustCompile(`^[0-9]{12}$`)
	region  = regexp.MustCompile(`^[a-z]{2,5}(?:-[a-z]+)+-[0-9]{1,2}$`)
	pattern = regexp.MustCompile(`^([0-9]{12})\.dkr([.-])ecr(-fips)?\.([a-z0-9-]{4,32})\.[a-z0-9.-]+$`)
)

// The two reasons why a Host has no name.
var (
	ErrAccount = errors.New("account is not 12 digits")
	ErrRegion  = errors.New("not the name of a region")
)

// Name is the host name. An account or region that cannot be one is ErrAccount
// or ErrRegion; partitions without known dual-stack names are an error, too.
func (h Host) Name() (string, error) {
	if !account.MatchString(h.Account) {
		return "", fmt.Errorf("%w: %q", ErrAccount, h.Account)
	}
	if !region.MatchString(h.Region) {
		return "", fmt.Errorf("%w: %q", ErrRegion, h.Region)
	}
	p := partitionOf(h.Region)
	between, suffix, fips := ".", p.suffix, ""
	if h.DualStack {
		if p.dualStack == "" {
			return "", fmt.Errorf("region %s: no dual-stack host names are known for partition %s", h.Region, p.id)
		}
		between, suffix = "-", p.dualStack
	}
	if h.FIPS {
		fips = "-fips"
	}
	return h.Account + ".dkr" + between + "ecr" + fips + "." + h.Region + "." + suffix, nil
}

// Parse takes a host name apart. It takes lower case names without port only.
func Parse(name string) (Host, bool) {
	m := pattern.FindStringSubmatch(name)
	if m == nil {
		return Host{}, false
	}
	h := Host{Account: m[1], Region: m[4], FIPS: m[3] != "", DualStack: m[2] == "-"}
	if want, err := h.Name(); err != nil || want != name {
		return Host{}, false
	}
	return h, true
}

// ParseEndpoint takes the address of a registry apart, as ECR's API gives it:
// https://HOST and nothing more.
func ParseEndpoint(endpoint string) (Host, bool) {
	name, ok := strings.CutPrefix(endpoint, "https://")
	if !ok {
		return Host{}, false
	}
	return Parse(strings.TrimSuffix(name, "/"))
}

// IsPublic tells whether a host is that of Amazon ECR Public, which has
// another API and no private repositories.
func IsPublic(host string) bool {
	host = strings.ToLower(host)
	return host == "public.ecr.aws" || host == "ecr-public.aws.com" || strings.HasSuffix(host, ".public.ecr.aws")
}

// Loopback returns the host with port of an http or https address of this
// machine itself: 127.0.0.0/8, ::1 or localhost.
func Loopback(address string) (hostPort string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return "", false
	}
	if ip, err := netip.ParseAddr(u.Hostname()); (err != nil || !ip.IsLoopback()) && u.Hostname() != "localhost" {
		return "", false
	}
	if u.Port() == "" {
		return u.Host, true
	}
	return net.JoinHostPort(u.Hostname(), u.Port()), true
}
