package ecrtest

// dataOperations are those that the registry's own protocol has, too.
var dataOperations = []string{
	"BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "GetDownloadUrlForLayer",
	"InitiateLayerUpload", "PutImage", "UploadLayerPart",
}

// planeOperation is one of dataOperations by the API: it checks the right and
// the repository, and goes no further.
func (s *Server) planeOperation(c *call) (any, *awsError) {
	var in struct{ RepositoryName string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	s.createOnPush(c, in.RepositoryName)
	return c.change(in.RepositoryName, func(*Repository) (any, *awsError) {
		return nil, failure("UnsupportedCommandException", "ecrtest: use the registry's own protocol")
	})
}
