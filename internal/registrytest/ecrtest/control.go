package ecrtest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

const (
	targetPrefix = "AmazonEC2ContainerRegistry_V20150921."
	contentType  = "application/x-amz-json-1.1"
	maxRequest   = 1 << 20
)

// awsError is an error as AWS services answer it.
type awsError struct {
	Code    string
	Message string
	Status  int
}

func failure(code, message string) *awsError {
	return &awsError{Code: code, Message: message, Status: http.StatusBadRequest}
}

// call is one verified request of the control plane.
type call struct {
	operation string
	who       *identity
	registry  *Registry
	body      []byte
}

// read decodes the input of an operation.
func (c *call) read(into any) *awsError {
	if err := json.Unmarshal(c.body, into); err != nil {
		return failure("SerializationException", err.Error())
	}
	return nil
}

type operation func(s *Server, c *call) (any, *awsError)

var operations = map[string]operation{
	"BatchDeleteImage":     (*Server).batchDeleteImage,
	"CreateRepository":     (*Server).createRepository,
	"DeleteRepository":     (*Server).deleteRepository,
	"DescribeImages":       (*Server).describeImages,
	"DescribeRegistry":     (*Server).describeRegistry,
	"DescribeRepositories": (*Server).describeRepositories,

	"DescribeRepositoryCreationTemplates": (*Server).describeCreationTemplates,

	"GetAuthorizationToken":         (*Server).getAuthorizationToken,
	"GetLifecyclePolicy":            (*Server).getLifecyclePolicy,
	"GetRepositoryPolicy":           (*Server).getRepositoryPolicy,
	"ListImages":                    (*Server).listImages,
	"ListTagsForResource":           (*Server).listTagsForResource,
	"PutImageScanningConfiguration": (*Server).putImageScanningConfiguration,
	"PutImageTagMutability":         (*Server).putImageTagMutability,
	"PutLifecyclePolicy":            (*Server).putLifecyclePolicy,
	"SetRepositoryPolicy":           (*Server).setRepositoryPolicy,
	"TagResource":                   (*Server).tagResource,
}

// serveControl answers ECR and STS. region is that of the host name, "" where
// the host name has none.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request, region string, sts bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST with a body is expected", http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Amzn-Requestid", randomHex(16))
	w.Header().Set("Date", s.opts.Now().UTC().Format(http.TimeFormat))
	target := r.Header.Get("X-Amz-Target")
	if sts || target == "" {
		s.serveSTS(w, r, body)
		return
	}
	name, known := strings.CutPrefix(target, targetPrefix)
	run := operations[name]
	if slices.Contains(dataOperations, name) {
		run = (*Server).planeOperation
	}
	if !known || run == nil || r.Header.Get("Content-Type") != contentType {
		writeJSONError(w, failure("UnknownOperationException", "")) // as the service: no message
		return
	}
	out, failed := s.operate(r, body, name, region, run)
	if failed != nil {
		writeJSONError(w, failed)
		return
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) operate(r *http.Request, body []byte, name, hostRegion string, run operation) (any, *awsError) {
	who, region, failed := s.verify(r, body, "ecr")
	if failed != nil {
		return nil, failed
	}
	if hostRegion != "" && hostRegion != region {
		return nil, failure("InvalidSignatureException", "Credential should be scoped to a valid region. ")
	}
	var in addressed
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, failure("SerializationException", err.Error())
	}
	account, repositories := in.resolve(name, who.account)
	s.record(Call{Operation: name, Account: account, Region: region, Repository: in.RepositoryName, Principal: who.arn})
	if failed := s.fault(name); failed != nil {
		return nil, failed
	}
	registry := s.Registry(account, region)
	if registry == nil { // of an account that is not played here: nobody is let in
		registry = &Registry{Account: account, Region: region}
	}
	for _, repository := range repositories {
		if failed := who.authorize(name, registry, repository); failed != nil {
			return nil, failed
		}
	}
	return run(s, &call{operation: name, who: who, registry: registry, body: body})
}

// addressed is what inputs have in common: what they are about.
type addressed struct {
	RegistryID      string   `json:"registryId"`
	RepositoryName  string   `json:"repositoryName"`
	RepositoryNames []string `json:"repositoryNames"`
	ResourceARN     string   `json:"resourceArn"`
}

// resolve returns the account, and the repositories that an operation is
// authorized on; "" is the registry itself, "*" all of its repositories.
func (in *addressed) resolve(operation, own string) (account string, repositories []string) {
	account = cmp.Or(in.RegistryID, accountOf(in.ResourceARN), own)
	switch {
	case operation == "GetAuthorizationToken", operation == "DescribeRegistry":
		return account, []string{""}
	case in.ResourceARN != "":
		_, name, _ := strings.Cut(in.ResourceARN, ":repository/")
		in.RepositoryName = name
		return account, []string{name}
	case len(in.RepositoryNames) > 0:
		return account, in.RepositoryNames
	case in.RepositoryName != "":
		return account, []string{in.RepositoryName}
	}
	return account, []string{"*"}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}

func writeJSONError(w http.ResponseWriter, e *awsError) {
	body := map[string]string{"__type": e.Code}
	switch {
	case e.Message == "":
	case e.Code == "AccessDeniedException":
		body["Message"] = e.Message
	default:
		body["message"] = e.Message
	}
	writeJSON(w, e.Status, body)
}
