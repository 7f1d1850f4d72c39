package ecrtest

import (
	"maps"
	"net/http"
	"slices"
)

type imageID struct {
	ImageDigest string `json:"imageDigest,omitempty"`
	ImageTag    string `json:"imageTag,omitempty"`
}

type imageDetail struct {
	RegistryID             string   `json:"registryId"`
	RepositoryName         string   `json:"repositoryName"`
	ImageDigest            string   `json:"imageDigest"`
	ImageTags              []string `json:"imageTags,omitempty"`
	ImageSizeInBytes       int64    `json:"imageSizeInBytes"`
	ImagePushedAt          float64  `json:"imagePushedAt"`
	ImageManifestMediaType string   `json:"imageManifestMediaType"`
	ArtifactMediaType      string   `json:"artifactMediaType,omitempty"`
}

type imageFilter struct{ TagStatus string }

// wants tells whether an image is to be listed.
func (f imageFilter) wants(i *image) bool {
	switch f.TagStatus {
	case "TAGGED":
		return len(i.tags) > 0
	case "UNTAGGED":
		return len(i.tags) == 0
	}
	return true
}

func imageNotFound() *awsError {
	return failure("ImageNotFoundException", "The image requested does not exist")
}

func (s *Server) describeImages(c *call) (any, *awsError) {
	var in struct {
		RepositoryName string
		ImageIDs       []imageID
		Filter         imageFilter
		NextToken      string
		MaxResults     int
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		out := struct {
			ImageDetails []imageDetail `json:"imageDetails"`
			NextToken    string        `json:"nextToken,omitempty"`
		}{ImageDetails: []imageDetail{}}
		if len(in.ImageIDs) > 0 {
			for _, id := range in.ImageIDs {
				i := repo.find(id)
				if i == nil {
					return nil, imageNotFound()
				}
				out.ImageDetails = append(out.ImageDetails, c.detail(repo, i))
			}
			return out, nil
		}
		page, next, err := s.page(repo.list(in.Filter), in.NextToken, in.MaxResults)
		if err != nil {
			return nil, err
		}
		for _, digest := range page {
			out.ImageDetails = append(out.ImageDetails, c.detail(repo, repo.images[digest]))
		}
		out.NextToken = next
		return out, nil
	})
}

func (c *call) detail(repo *Repository, i *image) imageDetail {
	return imageDetail{
		RegistryID: c.registry.Account, RepositoryName: repo.Name, ImageDigest: i.digest,
		ImageTags: slices.Sorted(maps.Keys(i.tags)), ImageSizeInBytes: i.size,
		ImagePushedAt:          float64(i.pushedAt.UnixMilli()) / 1000,
		ImageManifestMediaType: i.mediaType, ArtifactMediaType: i.config,
	}
}

func (repo *Repository) list(f imageFilter) []string {
	var digests []string
	for digest, i := range repo.images {
		if f.wants(i) {
			digests = append(digests, digest)
		}
	}
	slices.Sort(digests)
	return digests
}

// find returns the image that an ID names; digest and tag must agree.
func (repo *Repository) find(id imageID) *image {
	i := repo.images[id.ImageDigest]
	if id.ImageDigest == "" {
		i = repo.tagged(id.ImageTag)
	}
	if i == nil || (id.ImageTag != "" && !i.tags[id.ImageTag]) {
		return nil
	}
	return i
}

func (s *Server) listImages(c *call) (any, *awsError) {
	var in struct {
		RepositoryName string
		Filter         imageFilter
		NextToken      string
		MaxResults     int
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		page, next, err := s.page(repo.list(in.Filter), in.NextToken, in.MaxResults)
		if err != nil {
			return nil, err
		}
		ids := []imageID{}
		for _, digest := range page {
			tags := slices.Sorted(maps.Keys(repo.images[digest].tags))
			if len(tags) == 0 {
				tags = []string{""}
			}
			for _, t := range tags {
				ids = append(ids, imageID{ImageDigest: digest, ImageTag: t})
			}
		}
		out := map[string]any{"imageIds": ids}
		if next != "" {
			out["nextToken"] = next
		}
		return out, nil
	})
}

type imageFailure struct {
	ImageID       imageID `json:"imageId"`
	FailureCode   string  `json:"failureCode"`
	FailureReason string  `json:"failureReason"`
}

// batchDeleteImage takes away tags, and images with their last tag; by digest
// an image with all of its tags.
func (s *Server) batchDeleteImage(c *call) (any, *awsError) {
	var in struct {
		RepositoryName string
		ImageIDs       []imageID
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if len(in.ImageIDs) == 0 || len(in.ImageIDs) > 100 {
		return nil, failure("InvalidParameterException", "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length between 1 and 100'")
	}
	c.registry.tagging.Lock()
	defer c.registry.tagging.Unlock()
	deleted, failures := []imageID{}, []imageFailure{}
	var gone []string
	_, missing := c.change(in.RepositoryName, func(repo *Repository) (any, *awsError) {
		for _, id := range in.ImageIDs {
			if f, fails := s.imageFault(id); fails {
				failures = append(failures, f)
				continue
			}
			done, paths := repo.remove(id)
			if done == nil {
				failures = append(failures, imageFailure{id, "ImageNotFound", "Requested image not found"})
			}
			deleted, gone = append(deleted, done...), append(gone, paths...)
		}
		return nil, nil
	})
	if missing != nil {
		return nil, missing
	}
	for _, reference := range gone {
		if err := c.registry.deleteUpstream(s, in.RepositoryName, reference); err != nil {
			return nil, &awsError{Code: "ServerException", Message: err.Error(), Status: http.StatusInternalServerError}
		}
	}
	return map[string]any{"imageIds": deleted, "failures": failures}, nil
}

// remove takes an image or a tag out of a repository. It returns the IDs that
// are gone, and the references to delete behind.
func (repo *Repository) remove(id imageID) (done []imageID, references []string) {
	i := repo.find(id)
	if i == nil {
		return nil, nil
	}
	if id.ImageTag != "" && len(i.tags) > 1 {
		delete(i.tags, id.ImageTag)
		return []imageID{{i.digest, id.ImageTag}}, []string{id.ImageTag}
	}
	for _, t := range slices.Sorted(maps.Keys(i.tags)) {
		done = append(done, imageID{i.digest, t})
	}
	if len(done) == 0 {
		done = []imageID{{ImageDigest: i.digest}}
	}
	delete(repo.images, i.digest)
	return done, []string{i.digest}
}

func (r *Registry) deleteUpstream(s *Server, repository, reference string) error {
	b, err := r.backend()
	if err != nil {
		return err
	}
	resp, err := b.do(s.ctx, http.MethodDelete, "/v2/"+repository+"/manifests/"+reference, nil, nil)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
