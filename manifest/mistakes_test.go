package manifest_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// TestMistakes holds each mistake that somebody makes in a packs.yaml to its
// place, its words and its cause. Lines are those of the whole file: the body
// begins in line 3, and what follows the registry local in line 7.
func TestMistakes(t *testing.T) {
	t.Parallel()
	const packs = "packs: [{path: packs/*}]\n"
	const nginx = "-- packs/nginx/pack.json --\nnginx 1.0.0\n"
	tests := []struct {
		name string
		body string
		want string // every line of the error
		is   error  // what errors.Is finds
	}{
		{
			"unknown key", local + packs + "regstries: []\n" + nginx,
			`packs.yaml:8:1: unknown key "regstries" (did you mean registries?; allowed here: apiVersion, concurrency, hooks, kind, lint, onChange, packs, palette, prune, registries, retired)`, nil,
		},
		{
			"prune that keeps nothing", local + packs + "prune: {keep: {}}\n" + nginx,
			"packs.yaml:8:15: keep does not say what stays (as in keep: {last: 5}; last: 0 says that nothing does)", nil,
		},
		{
			"unknown key below", local + "packs: [{path: packs/*, onchange: skip}]\n" + nginx,
			`packs.yaml:7:25: unknown key "onchange" (did you mean onChange?; allowed here: exclude, name, onChange, only, path, registries, version)`, nil,
		},
		{
			"key of another type", "registries: [{name: local, type: layout, path: ./dist, region: eu-west-1}]\n" + packs + nginx,
			`packs.yaml:3:56: region belongs to type ecr; this one is of type layout (allowed here: artifact, images, limits, manual, name, onChange, path, readOnly, repositoryPrefix, type)`, nil,
		},
		{
			"key of another kind of entry", local + "packs: [{path: packs/*, referrers: true}]\n" + nginx,
			`packs.yaml:7:25: key referrers does not go with path (allowed here: exclude, name, onChange, only, path, registries, version)`, nil,
		},
		{
			"a secret", "registries: [{name: a, type: oci, host: h, credentials: {username: u, password: hunter2}}]\n" + packs + nginx,
			`packs.yaml:3:71: unknown key "password" (no secret belongs in this file: keys that end in Env or File say where it is; allowed here: exec, passwordEnv, passwordFile, username, usernameEnv, usernameFile)`, nil,
		},
		{
			"list for text", local + "packs: [{path: [packs/*]}]\n" + nginx,
			`packs.yaml:7:16: path must be text, not a list`, nil,
		},
		{
			"text for list", local + "packs: packs/*\n" + nginx,
			`packs.yaml:7:8: packs must be a list, not the text "packs/*"`, nil,
		},
		{
			"mapping for list", local + "packs: {path: packs/*}\n" + nginx,
			`packs.yaml:7:8: packs must be a list, not a mapping`, nil,
		},
		{
			"text for mapping", local + "packs: [packs/*]\n" + nginx,
			`packs.yaml:7:9: entry 1 of packs must be a mapping (key: value), not the text "packs/*"`, nil,
		},
		{
			"mapping for text or list", local + "packs: [{path: packs/*, registries: {a: b}}]\n" + nginx,
			`packs.yaml:7:37: registries must be text or a list, not a mapping`, nil,
		},
		{
			"yes for true", "registries: [{name: local, type: layout, path: ./dist, manual: yes}]\n" + packs + nginx,
			`packs.yaml:3:64: manual must be true or false, not the text "yes" (did you mean true?)`, nil,
		},
		{
			"quoted true", "registries: [{name: local, type: layout, path: ./dist, manual: 'true'}]\n" + packs + nginx,
			`packs.yaml:3:64: manual must be true or false, not the text "true" (write it without quotes)`, nil,
		},
		{
			"text for number", local + packs + "concurrency: {perRegistry: many}\n" + nginx,
			`packs.yaml:8:28: perRegistry must be a whole number, not the text "many"`, nil,
		},
		{
			"fraction for whole number", local + packs + "concurrency: {perRegistry: 1.5}\n" + nginx,
			`packs.yaml:8:28: perRegistry must be a whole number, not the number 1.5 (write it in decimal digits)`, nil,
		},
		{
			"variable for number", local + packs + "concurrency: {perRegistry: '${N}'}\n" + nginx,
			`packs.yaml:8:28: perRegistry must be a whole number, not the text "${N}" (variables stand only in texts)`, nil,
		},
		{
			"number too low", local + packs + "concurrency: {perRegistry: 0}\n" + nginx,
			`packs.yaml:8:28: perRegistry must be at least 1, not 0`, nil,
		},
		{
			"number too high", local + packs + "concurrency: {perRegistry: 9999}\n" + nginx,
			`packs.yaml:8:28: perRegistry must be at most 1024, not 9999`, nil,
		},
		{
			"rate of nothing", "registries: [{name: local, type: layout, path: ./dist, limits: {requestsPerSecond: 0}}]\n" + packs + nginx,
			`packs.yaml:3:84: requestsPerSecond must be more than 0, not 0`, nil,
		},
		{
			"rate that is no number", "registries: [{name: local, type: layout, path: ./dist, limits: {requestsPerSecond: .nan}}]\n" + packs + nginx,
			`packs.yaml:3:84: requestsPerSecond must be a number, not the number .nan (write it in decimal digits)`, nil,
		},
		{
			"no value", local + "packs:\n" + nginx,
			`packs.yaml:7:1: packs has no value (it takes a list; take the key away if there is nothing to say)`, nil,
		},
		{
			"empty list", "registries: []\n" + packs + nginx,
			`packs.yaml:3:13: registries is empty`, nil,
		},
		{
			"missing keys", "x-a: 1\n",
			"packs.yaml:1:1: the catalog lacks registries (Where packs are published: HOST/[project/][repositoryPrefix/]spectro-packs/archive/NAME:VERSION)\n" +
				"packs.yaml:1:1: the catalog lacks packs (What is published. The same folder may match several entries: its registries add up)", nil,
		},
		{
			"missing key of a type", "registries: [{name: a, type: harbor, host: h.example}]\n" + packs + nginx,
			`packs.yaml:3:14: entry 1 of registries lacks project (Harbor project)`, nil,
		},
		{
			"missing type", "registries: [{name: a, path: x}]\n" + packs + nginx,
			`packs.yaml:3:14: entry 1 of registries lacks type (type is one of layout, oci, ecr, harbor)`, nil,
		},
		{
			"unknown type", "registries: [{name: a, type: habor, host: h.example}]\n" + packs + nginx,
			`packs.yaml:3:30: type must be layout, oci, ecr or harbor, not "habor" (did you mean harbor?)`, nil,
		},
		{
			"entry of nothing", local + "packs: [{only: {name: x}}]\n",
			`packs.yaml:7:9: entry 1 of packs lacks path or from`, nil,
		},
		{
			"mistyped path", local + "packs: [{paths: x}]\n",
			`packs.yaml:7:10: unknown key "paths" (did you mean path?; allowed here: exclude, from, name, onChange, only, path, referrers, registries, rewrite, version)`, nil,
		},
		{
			"path and from", local + "packs: [{path: packs/*, from: {registry: local}}]\n" + nginx,
			`packs.yaml:7:9: path and from exclude each other (make it two entries)`, nil,
		},
		{
			"value that is none of a few", local + packs + "onChange: fial\n" + nginx,
			`packs.yaml:8:11: onChange must be fail, overwrite or skip, not "fial" (did you mean fail?)`, nil,
		},
		{
			"severity that is none", local + packs + "lint: {rules: {readme-missing: warn}}\n" + nginx,
			`packs.yaml:8:32: readme-missing must be error, warning, info or off, not "warn" (did you mean warning?)`, nil,
		},
		{
			"keys that exclude each other", "registries: [{name: a, type: oci, host: h, tls: {ca: '-----BEGIN CERTIFICATE-----', caFile: x}}]\n" + packs + nginx,
			`packs.yaml:3:54: caFile and ca exclude each other (keep one of them)`, nil,
		},
		{
			"key that needs another", "registries: [{name: a, type: oci, host: h, tls: {certFile: x}}]\n" + packs + nginx,
			`packs.yaml:3:60: certFile needs keyFile beside it`, nil,
		},
		{
			"secret in place of a variable's name", "registries: [{name: a, type: oci, host: h, credentials: {passwordEnv: hunter2!}}]\n" + packs + nginx,
			`packs.yaml:3:71: passwordEnv is not of the right form (this is the name of an environment variable: letters, digits and underscores; never the secret itself)`, nil,
		},
		{
			"duplicate key", local + packs + "onChange: fail\nonChange: skip\n" + nginx,
			`packs.yaml:9:1: key "onChange" is there twice: first in line 8 (keep one of them)`, nil,
		},
		{
			"version read as a number", local + "packs: [{path: packs/nginx, version: 1.10}]\n-- packs/nginx/pack.json --\nnginx 1.10\n",
			`packs.yaml:7:38: version 1.10 is a number to YAML (quote it: version: "1.10")`, nil,
		},
		{
			"versions read as a number", local + "packs: [{path: packs/nginx, only: {versions: 2}}]\n" + nginx,
			`packs.yaml:7:46: versions 2 is a number to YAML (quote it: versions: "2")`, nil,
		},
		{
			"account read as a number", "registries: [{name: a, type: ecr, account: 012345678901}]\n" + packs + nginx,
			`packs.yaml:3:44: account 012345678901 is a number to YAML (quote it: account: "012345678901")`, nil,
		},
		{
			"Amazon ECR Public", "registries: [{name: a, type: ecr, host: public.ecr.aws}]\n" + packs + nginx,
			`packs.yaml:3:41: Amazon ECR Public is not supported: it has another API, and Palette reads packs from private registries (publish to a private registry: leave host away, and set region and account)`, nil,
		},
		{
			"look-alike of Amazon ECR", "registries: [{name: a, type: ecr, host: 111111111111.dkr.ecr.us-east-1.amazonaws.com.evil.example}]\n" + packs + nginx,
			`packs.yaml:3:41: host "111111111111.dkr.ecr.us-east-1.amazonaws.com.evil.example" is none of Amazon ECR (ACCOUNT.dkr.ecr.REGION.amazonaws.com): no AWS login goes there (leave host away: account and region make it)`, nil,
		},
		{
			"host of another account", "registries: [{name: a, type: ecr, account: '222222222222', host: 111111111111.dkr.ecr.us-east-1.amazonaws.com}]\n" + packs + nginx,
			`packs.yaml:3:66: host is of account 111111111111, account says 222222222222 (leave host away: account and region make it)`, nil,
		},
		{
			"host of another region", "registries: [{name: a, type: ecr, region: eu-west-1, host: 111111111111.dkr.ecr.us-east-1.amazonaws.com}]\n" + packs + nginx,
			`packs.yaml:3:60: host is in region us-east-1, region says eu-west-1 (leave host away: account and region make it)`, nil,
		},
		{
			"policy that is not there", "registries: [{name: a, type: ecr, repository: {policyFile: p.json}}]\n" + packs + nginx,
			`packs.yaml:3:60: policyFile "p.json" is not there`, manifest.ErrNotFound,
		},
		{
			"policies that are none", "registries: [{name: a, type: ecr, repository: {policyFile: p.json, lifecyclePolicyFile: packs}}]\n" + packs + nginx + "-- p.json --\n[]\n",
			`packs.yaml:3:60: policyFile "p.json": it is no JSON object
packs.yaml:3:89: lifecyclePolicyFile "packs": it is no file`, nil,
		},
		{
			"no range", local + "packs: [{path: packs/nginx, only: {versions: '>=x.y'}}]\n" + nginx,
			`packs.yaml:7:46: versions is no range of versions: ">=x.y" (as in ">=1.2, <2", or one exact version)`, nil,
		},
		{
			"glob without a match", local + "packs: [{path: pakcs/*}]\n" + nginx,
			`packs.yaml:7:16: path "pakcs/*" matches nothing: there is no pakcs (did you mean packs?)`, manifest.ErrNotFound,
		},
		{
			"path without a match", local + "packs: [{path: packs/ngnix}]\n" + nginx,
			`packs.yaml:7:16: path "packs/ngnix" matches nothing: there is no packs/ngnix (did you mean packs/nginx?)`, manifest.ErrNotFound,
		},
		{
			"glob with nothing that fits", local + "packs: [{path: packs/edge-*}]\n" + nginx,
			`packs.yaml:7:16: path "packs/edge-*" matches nothing`, manifest.ErrNotFound,
		},
		{
			"two stars without a match", local + "packs: [{path: docs/**}]\n-- docs/a/readme --\n",
			`packs.yaml:7:16: path "docs/**" matches nothing: no folder there holds a pack.json`, manifest.ErrNotFound,
		},
		{
			"all excluded", local + "packs: [{path: packs/*, exclude: packs/n*}]\n" + nginx,
			`packs.yaml:7:16: path "packs/*" matches nothing but what exclude takes away`, manifest.ErrNotFound,
		},
		{
			"only archives below two stars", local + "packs: [{path: vendor/**}]\n-- vendor/a.tgz --\n-- vendor/b.tar.gz --\n",
			`packs.yaml:7:16: path "vendor/**" matches no folder that holds a pack.json (an entry that ends in *.tar.gz or *.tgz takes archives: vendor/a.tgz, vendor/b.tar.gz)`, manifest.ErrNotFound,
		},
		{
			"file that is no archive", local + "packs: [{path: a.zip}]\n-- a.zip --\n",
			`packs.yaml:7:16: path "a.zip" is neither a folder nor a .tar.gz or .tgz archive`, manifest.ErrNotFound,
		},
		{
			"broken glob", local + "packs: [{path: 'packs/['}]\n" + nginx,
			`packs.yaml:7:16: path is no glob: "packs/[" (a [ or { is not closed, or a \ stands at the end)`, nil,
		},
		{
			"stars that do not stand alone", local + "packs: [{path: packs/**x}]\n" + nginx,
			`packs.yaml:7:16: path is no glob: "packs/**x" (** stands alone between slashes, as in packs/**)`, nil,
		},
		{
			"slash in braces", local + "packs: [{path: '{packs/a,b}'}]\n" + nginx,
			`packs.yaml:7:16: path is no glob: "{packs/a,b}" (a slash cannot stand between { and }: write one entry for each)`, nil,
		},
		{
			"only leaves nothing", local + "packs: [{path: packs/*, only: {versions: '>2'}}]\n" + nginx,
			`packs.yaml:7:31: only: leaves none of the 1 pack that path "packs/*" matches`, manifest.ErrNotFound,
		},
		{
			"folder without pack.json", local + packs + nginx + "-- packs/empty/readme --\n",
			`packs.yaml:7:16: packs/empty holds no pack.json (name only folders that hold one, leave it out with exclude:, or use **)`, manifest.ErrPack,
		},
		{
			"stated name and version", local + "packs: [{path: packs/nginx, name: ngnix, version: 1.0.1}]\n" + nginx,
			`packs.yaml:7:35: name "ngnix" differs from the pack.json of packs/nginx, which says "nginx" (the pack.json decides: correct one of them, or take name: away here)` + "\n" +
				`packs.yaml:7:51: version "1.0.1" differs from the pack.json of packs/nginx, which says "1.0.0" (the pack.json decides: correct one of them, or take version: away here)`, manifest.ErrPack,
		},
		{
			"one version twice", local + packs + nginx + "-- packs/copy/pack.json --\nnginx 1.0.0\n",
			`packs.yaml:7:9: nginx:1.0.0 is there twice for registry local: in packs/copy (line 7) and in packs/nginx (give one another version, exclude it, or send them to different registries)`, manifest.ErrDuplicatePack,
		},
		{
			"versions that differ by case", local + packs + "-- packs/a/pack.json --\nnginx 1.0.0-RC1\n-- packs/b/pack.json --\nnginx 1.0.0-rc1\n",
			`packs.yaml:7:9: nginx:1.0.0-RC1 in packs/a (line 7) and nginx:1.0.0-rc1 in packs/b differ by case only, both for registry local (some registries and file systems take them for one: spell them alike, exclude one, or send them to different registries)`, manifest.ErrDuplicatePack,
		},
		{
			"retired and published", local + packs + "retired: [{name: nginx, versions: <2}]\n" + nginx,
			`packs.yaml:8:11: nginx:1.0.0 is retired, but packs/nginx still publishes it (remove or exclude the pack, or narrow versions)`, nil,
		},
		{
			"two registries with one name", local + "  - {name: local, type: layout, path: ./other}\n" + packs + nginx,
			`packs.yaml:7:12: registry "local" is there twice: first in line 4 (give each registry a name of its own)`, nil,
		},
		{
			"two registries with one target", local + "  - {name: same, type: layout, path: dist/x/.., repositoryPrefix: spectro-packs/archive}\n" + packs + nginx,
			`packs.yaml:7:5: registry "same" has the same target as "local" in line 4 (give one another repositoryPrefix, or take one away)`, nil,
		},
		{
			"two hosts with one target", "registries:\n  - {name: a, type: oci, host: R.example, repositoryPrefix: /p/x/}\n  - {name: b, type: harbor, host: 'r.example:443', project: p, repositoryPrefix: x/spectro-packs/archive}\n" + packs + nginx,
			`packs.yaml:5:5: registry "b" has the same target as "a" in line 4 (give one another repositoryPrefix, or take one away)`, nil,
		},
		{
			"unknown registry", local + "packs: [{path: packs/*, registries: [locla]}]\n" + nginx,
			`packs.yaml:7:38: there is no registry "locla" (did you mean local?; there are local)`, manifest.ErrNotFound,
		},
		{
			"glob of registries without a match", local + "packs: [{path: packs/*, registries: 'prod-*'}]\n" + nginx,
			`packs.yaml:7:37: no registry matches "prod-*" (there are local)`, manifest.ErrNotFound,
		},
		{
			"unknown source", local + "packs: [{from: {registry: old}}]\n",
			`packs.yaml:7:27: there is no registry "old" (there are local)`, manifest.ErrNotFound,
		},
		{
			"unknown registry in retired", local + packs + "retired: [{name: a, versions: '*', registries: x}]\n" + nginx,
			`packs.yaml:8:48: there is no registry "x" (there are local)`, manifest.ErrNotFound,
		},
		{
			"read-only target", local + "  - {name: old, type: oci, host: h, readOnly: true}\npacks: [{path: packs/*, registries: [local, old]}]\n" + nginx,
			`packs.yaml:8:45: registry "old" is read-only (line 7), so it is no target (take it away here, or take readOnly: true away there)`, nil,
		},
		{
			"only read-only registries", "registries: [{name: old, type: oci, host: h, readOnly: true}]\n" + packs + nginx,
			`packs.yaml:4:9: the entry goes nowhere: no registry can be written (add one that is not readOnly)`, nil,
		},
		{
			"glob of read-only registries", local + "  - {name: old, type: oci, host: h, readOnly: true}\npacks: [{path: packs/*, registries: 'o*'}]\n" + nginx,
			`packs.yaml:8:37: the entry goes nowhere: its registries leave none that can be written (read-only registries are no targets)`, nil,
		},
		{
			"source as target", local + "  - {name: other, type: oci, host: h}\npacks: [{from: {registry: other}, registries: [local, other]}]\n",
			`packs.yaml:8:55: registry "other" is the source of this entry, so it is no target (take it away)`, nil,
		},
		{
			"unset variable", local + "packs: [{path: 'packs/${TEAM}'}]\n" + nginx,
			`packs.yaml:7:16: variable TEAM is not set (set it, or give a default: ${TEAM:-…})`, manifest.ErrUnsetVariable,
		},
		{
			"variable of a secret", local + "packs: [{path: 'packs/${CI_JOB_TOKEN}'}]\n" + nginx,
			`packs.yaml:7:16: ${CI_JOB_TOKEN} is not put in: its name looks like that of a secret (credentials name a variable by passwordEnv and the like; --allow-env CI_JOB_TOKEN lets it in)`, nil,
		},
		{
			"variable that credentials name", "registries: [{name: a, type: oci, host: '${WHERE}.example', credentials: {username: u, passwordEnv: WHERE}}]\n" + packs + nginx,
			`packs.yaml:3:41: ${WHERE} is not put in: credentials name this variable, so it holds a secret (credentials name a variable by passwordEnv and the like; --allow-env WHERE lets it in)`, nil,
		},
		{
			"broken variable", local + "packs: [{path: 'packs/${1}'}]\n" + nginx,
			`packs.yaml:7:16: "${1}" begins no variable (write ${NAME} or ${NAME:-default}; $${ stands for a literal ${)`, nil,
		},
		{
			"open variable", local + "packs: [{path: 'packs/${TEAM'}]\n" + nginx,
			`packs.yaml:7:16: "${TEAM" begins no variable (write ${NAME} or ${NAME:-default}; $${ stands for a literal ${)`, nil,
		},
		{
			"host with a scheme", "registries: [{name: a, type: oci, host: 'https://r.example:5000'}]\n" + packs + nginx,
			`packs.yaml:3:41: host must be HOST or HOST:PORT, without https:// (say host: r.example:5000)`, nil,
		},
		{
			"host with scheme and path", "registries: [{name: a, type: oci, host: 'http://r.example/team/a'}]\n" + packs + nginx,
			`packs.yaml:3:41: host must be HOST or HOST:PORT, without http:// (say host: r.example; plainHTTP: true takes the place of http://; the path goes into repositoryPrefix, or project for Harbor: team/a)`, nil,
		},
		{
			"host with a path", "registries: [{name: a, type: oci, host: r.example/team}]\n" + packs + nginx,
			`packs.yaml:3:41: host must be HOST or HOST:PORT, without a path: "r.example/team" (say host: r.example; the path goes into repositoryPrefix, or project for Harbor: team)`, nil,
		},
		{
			"host with a user", "registries: [{name: a, type: oci, host: 'https://me:hunter2@r.example'}]\n" + packs + nginx,
			`packs.yaml:3:41: host must be HOST or HOST:PORT, without a user (say host: r.example; credentials: says where the login comes from)`, nil,
		},
		{
			"port that is none", "registries: [{name: a, type: oci, host: 'r.example:99999'}]\n" + packs + nginx,
			`packs.yaml:3:41: host has no right port: "r.example:99999" (ports are 1 to 65535)`, nil,
		},
		{
			"prefix in capitals", "registries: [{name: a, type: oci, host: h, repositoryPrefix: Team}]\n" + packs + nginx,
			`packs.yaml:3:62: repositoryPrefix is not of the right form: "Team" (a repository path holds lower-case letters and digits, with single dots, underscores or dashes between them, and slashes between its parts)`, nil,
		},
		{
			"duration of another kind", "registries: [{name: a, type: oci, host: h, palette: {name: p, syncTimeout: 15 min}}]\n" + packs + nginx,
			`packs.yaml:3:76: syncTimeout is not of the right form: "15 min" (a duration is a number with ms, s, m, h, d or w, as in 90s or 15m)`, nil,
		},
		{
			"tabs", local + "packs:\n\t- path: packs/*\n" + nginx,
			`packs.yaml:8:1: is no YAML: found character that cannot start any token (YAML indents with spaces, not with tabs)`, nil,
		},
		{
			"unknown anchor", "registries:\n  - *local\n" + packs + nginx,
			`packs.yaml:4:5: is no YAML: alias *local has no anchor &local before it`, nil,
		},
		{
			"anchor in itself", "x-a: &a [*a]\n" + local + packs + nginx,
			`packs.yaml:3:10: alias *a is inside of its own anchor (an anchor cannot stand for what it is in)`, nil,
		},
		{
			"two documents", local + packs + "---\nkind: Catalog\n" + nginx,
			`packs.yaml:8:1: holds more than one YAML document (a catalog is one document: take away the line ---, or what follows it)`, nil,
		},
		{
			"foreign tag", local + "packs: [{path: !glob packs/*}]\n" + nginx,
			`packs.yaml:7:16: tag !glob has no meaning here (leave it out: a catalog holds plain texts, numbers, lists and mappings)`, nil,
		},
		{
			"key that is a list", local + packs + "? [a]\n: b\n" + nginx,
			`packs.yaml:8:3: a list or mapping cannot be a key (a key is plain text)`, nil,
		},
		{
			"merge of a text", local + packs + "lint: {<<: rules}\n" + nginx,
			`packs.yaml:8:12: << takes a mapping, or a list of mappings (as in <<: *anchor, or <<: [*one, *two])`, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := mistakes(t, tt.body, manifest.LoadOptions{})
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("errors.Is does not find %q", tt.is)
			}
		})
	}
}

// TestBrokenPacks: the place is that in pack.json, and the catalog with the
// other packs comes along.
func TestBrokenPacks(t *testing.T) {
	t.Parallel()
	dir := write(t, local+`packs: [{path: packs/*}, {path: "*.tgz"}]
-- packs/good/pack.json --
good 1.0.0
-- packs/syntax/pack.json --
{
  "name": "syntax",,
}
-- packs/capital/pack.json --
Capital 1.0.0
-- packs/unversioned/pack.json --
{"name": "unversioned", "displayName": "x", "layer": "addon"}
-- packs/bare/readme --
-- broken.tgz --
no archive
`)
	c, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{})
	var invalid *manifest.InvalidError
	if !errors.As(err, &invalid) || !errors.Is(err, manifest.ErrPack) {
		t.Fatalf("error %v", err)
	}
	var files []string
	for _, p := range invalid.Problems {
		rel, err := filepath.Rel(dir, p.File)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.ToSlash(rel))
		if p.Message == "" || !errors.Is(p, manifest.ErrPack) {
			t.Errorf("problem %+v", p)
		}
		if filepath.Base(rel) == "pack.json" && strings.Contains(rel, "syntax") && p.Line != 2 {
			t.Errorf("syntax error in line %d, want 2: %v", p.Line, p)
		}
	}
	want := "packs.yaml broken.tgz packs/capital/pack.json packs/syntax/pack.json packs/unversioned/pack.json"
	if got := strings.Join(files, " "); !strings.HasPrefix(got, "packs.yaml broken.tgz") || len(files) != 5 {
		t.Errorf("files %s, want %s", got, want)
	}
	if c == nil || len(c.Packs) != 1 || c.Packs[0].Name != "good" {
		t.Fatalf("catalog %+v", c)
	}
	var broken []string
	for _, p := range c.Broken {
		broken = append(broken, p.Path)
	}
	if got, want := strings.Join(broken, " "), "broken.tgz packs/bare packs/capital packs/syntax packs/unversioned"; got != want {
		t.Errorf("broken %s, want %s", got, want)
	}
}

// TestAllMistakesAtOnce: mistakes of every kind are in one report, by line.
func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	got, err := mistakes(t, `registries:
  - name: local
    type: layout
    path: ./dist
    onChange: overwritten
  - {name: far, type: oci, host: "https://far.example"}
packs:
  - path: packs/*
    registries: [locl]
  - path: missing/**
    version: 2.0
  - path: packs/b
    exlude: [x]
    name: other
onChange: fail
onChange: skip
-- packs/a/pack.json --
{"name": }
-- packs/b/pack.json --
b 1.0.0
`, manifest.LoadOptions{})
	var places []string
	for line := range strings.SplitSeq(got, "\n") {
		place, _, _ := strings.Cut(line, ": ")
		places = append(places, place)
	}
	want := "packs.yaml:7:15 packs.yaml:8:34 packs.yaml:11:18 packs.yaml:12:11 packs.yaml:13:14 packs.yaml:15:5 packs.yaml:16:11 packs.yaml:18:1 packs/a/pack.json"
	if strings.Join(places, " ") != want && !strings.HasPrefix(strings.Join(places, " "), want) {
		t.Errorf("places %s, want %s\n%v", places, want, err)
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "there is no such file") {
		t.Errorf("error %v", err)
	}
	_, err = manifest.Load(filepath.Join(dir, "no", "packs.yaml"), manifest.LoadOptions{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	_, err = manifest.Load(dir, manifest.LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("error %v", err)
	}
}
