package manifest

import "testing"

func TestReferences(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Registry{
		"h:5000/team/spectro-packs/archive/nginx:1.0.0": {Type: TypeOCI, Host: "h:5000", RepositoryPrefix: "team"},
		"h/p/team/spectro-packs/archive/nginx:1.0.0":    {Type: TypeHarbor, Host: "h", RepositoryPrefix: "team", Harbor: &Harbor{Project: "p"}},
		"/srv/r/spectro-packs/archive/nginx:1.0.0":      {Type: TypeLayout, Path: "/srv/r/"},
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com/spectro-packs/archive/nginx:1.0.0": {
			Type: TypeECR, ECR: &ECR{Account: "111111111111", Region: "eu-west-1"},
		},
		"ecr/spectro-packs/archive/nginx:1.0.0": {Type: TypeECR, ECR: &ECR{Region: "eu-west-1"}},
	} {
		if got := r.Reference("nginx", "1.0.0"); got != want {
			t.Errorf("reference %s, want %s", got, want)
		}
	}
}
