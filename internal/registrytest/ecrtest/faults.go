package ecrtest

import "slices"

// Call is one request that a server got, of either plane. Operation is the
// name of the API action; the data plane's requests have the action that they
// stand for, and Method and Path.
type Call struct {
	Operation    string
	Account      string
	Region       string
	Repository   string
	Principal    string // ARN
	Method, Path string
}

type fault struct {
	left int
	err  *awsError
}

// Fail makes the next n requests of an operation end with an error. The data
// plane answers it as its own errors look; status matters there only.
func (s *Server) Fail(operation string, n, status int, code, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[operation] = &fault{left: n, err: &awsError{Code: code, Message: message, Status: status}}
}

// Throttle makes the next n requests of an operation exceed its rate.
func (s *Server) Throttle(operation string, n int) {
	status, code := 400, "ThrottlingException"
	if slices.Contains(dataOperations, operation) {
		status, code = 429, "TOOMANYREQUESTS"
	}
	s.Fail(operation, n, status, code, "Rate exceeded")
}

// FailImage makes BatchDeleteImage report a tag among its failures, until it is
// called with an empty code.
func (s *Server) FailImage(tag, code, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.imageFaults[tag] = imageFailure{FailureCode: code, FailureReason: reason}
}

func (s *Server) imageFault(id imageID) (imageFailure, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.imageFaults[id.ImageTag]
	f.ImageID = id
	return f, f.FailureCode != ""
}

func (s *Server) fault(operation string) *awsError {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults[operation]
	if f == nil || f.left == 0 {
		return nil
	}
	f.left--
	return f.err
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
}

// Calls returns what was asked so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Count returns how often operations were asked for; without any, all of them.
func (s *Server) Count(names ...string) int {
	n := 0
	for _, c := range s.Calls() {
		if len(names) == 0 || slices.Contains(names, c.Operation) {
			n++
		}
	}
	return n
}

// Forget empties what Calls returns.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}
