package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/packs-cli/packs/internal/ecrhost"
)

// ecr reads what only registries of type ecr have.
func (l *loader) ecr(v *value) *ECR {
	aws, repository := v.get("aws"), v.get("repository")
	e := &ECR{
		Region:       v.str("region"),
		Account:      v.str("account"),
		Profile:      aws.str("profile"),
		RoleARN:      aws.str("roleArn"),
		ExternalID:   aws.str("externalId"),
		SessionName:  aws.str("sessionName"),
		CrossAccount: v.boolean("crossAccount", false),
		FIPS:         v.boolean("fips", false),
		DualStack:    v.boolean("dualStack", false),
		Repository: ECRRepository{
			TagMutability:       repository.str("tagMutability"),
			ExclusionFilters:    repository.strings("exclusionFilters"),
			ScanOnPush:          repository.boolean("scanOnPush", false),
			EncryptionType:      repository.get("encryption").str("type"),
			KMSKey:              repository.get("encryption").str("kmsKey"),
			Tags:                repository.stringMap("tags"),
			PolicyFile:          l.policyFile(v, "policyFile"),
			LifecyclePolicyFile: l.policyFile(v, "lifecyclePolicyFile"),
		},
	}
	l.ecrHost(v.get("host"), e)
	return e
}

// ecrHost holds a host that is given against account and region. On this machine
// it is that of a test server.
func (l *loader) ecrHost(host *value, e *ECR) {
	if !host.known() {
		return
	}
	name, _ := splitPort(host.text)
	h, ok := ecrhost.Parse(host.text)
	switch {
	case ok && e.Account != "" && e.Account != h.Account:
		l.report.errorf(host.pos, "leave host away: account and region make it", "host is of account %s, account says %s", h.Account, e.Account)
	case ok && e.Region != "" && e.Region != h.Region:
		l.report.errorf(host.pos, "leave host away: account and region make it", "host is in region %s, region says %s", h.Region, e.Region)
	case ok || loopback(host.text):
	case ecrhost.IsPublic(name):
		l.report.errorf(host.pos, "publish to a private registry: leave host away, and set region and account",
			"Amazon ECR Public is not supported: it has another API, and Palette reads packs from private registries")
	default:
		l.report.errorf(host.pos, "leave host away: account and region make it",
			"host %s is none of Amazon ECR (ACCOUNT.dkr.ecr.REGION.amazonaws.com): no AWS login goes there", host.shown())
	}
}

// ecrInDisguise says a word where a registry of type oci is Amazon ECR.
func (l *loader) ecrInDisguise(host *value) {
	if !host.known() {
		return
	}
	if _, ok := ecrhost.Parse(host.text); ok {
		l.report.remarkf(host.pos, nil, "set type: ecr", "host is Amazon ECR: with type oci, nobody logs in to it, makes repositories, and keeps to its rates")
	}
}

// maxPolicy bounds policy files, in bytes; Amazon ECR takes up to 30,720 characters.
const maxPolicy = 64 << 10

// policyFile returns the absolute path of a policy of repositories. One that is
// no JSON object is an error before anything is created; where it is missing in
// a registry that is not contacted, a word.
func (l *loader) policyFile(registry *value, key string) string {
	v := registry.get("repository")
	path := l.secretFile(v, key) // not yet noted: it is, below
	at := v.get(key)
	if path == "" || at.unset {
		return path
	}
	l.catalog.Files = append(l.catalog.Files, path)
	if l.options.Untrusted {
		return path
	}
	err := checkPolicy(path)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && (l.options.Validate || !l.contacted(registry)):
		l.report.remarkf(at.pos, ErrNotFound, "", "%s %s is not there", key, at.shown())
	case errors.Is(err, fs.ErrNotExist):
		l.report.fail(at.pos, ErrNotFound, "", "%s %s is not there", key, at.shown())
	default:
		l.report.fail(at.pos, err, "", "%s %s: %v", key, at.shown(), err)
	}
	return path
}

var (
	errNoFile      = errors.New("it is no file")
	errNoPolicy    = errors.New("it is no JSON object")
	errLargePolicy = errors.New("it is larger than 64 KiB")
)

// checkPolicy looks whether a file can be a policy. What it says is for AWS to judge.
func checkPolicy(path string) (err error) {
	if info, err := os.Stat(path); err != nil {
		return withoutPath(err)
	} else if !info.Mode().IsRegular() { // a pipe would be waited for
		return errNoFile
	}
	f, err := os.Open(path) // #nosec G304 -- packs.yaml names it
	if err != nil {
		return withoutPath(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	switch {
	case err != nil:
		return withoutPath(err)
	case len(text) > maxPolicy:
		return errLargePolicy
	case !json.Valid(text) || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")):
		return errNoPolicy
	}
	return nil
}

// withoutPath returns the cause of an error of the file system: the path stands
// beside it already.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
