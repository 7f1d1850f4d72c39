package faultproxy

import (
	"net/http"
	"strings"
)

// Kind is one kind of fault.
type Kind string

// The kinds. What is "cut" ends with a reset, what is "closed" in good order.
const (
	TooMany            Kind = "429"
	TooManySeconds     Kind = "429 with Retry-After in seconds"
	TooManyDate        Kind = "429 with Retry-After as a date"
	ServerError        Kind = "500"
	BadGateway         Kind = "502 as an HTML page"
	Unavailable        Kind = "503"
	UnavailableSeconds Kind = "503 with Retry-After in seconds"
	UnavailableDate    Kind = "503 with Retry-After as a date"
	GatewayTimeout     Kind = "504 as an HTML page"
	CutBefore          Kind = "cut before the body is read"
	ClosedBefore       Kind = "closed before the body is read"
	CutInBody          Kind = "cut in the middle of the body"
	CutAfterBody       Kind = "cut after the body, and nothing was done"
	ReplyLost          Kind = "reply lost after it was done"
	ErrorAfterDone     Kind = "503 after it was done"
	Truncated          Kind = "download that ends halfway"
	Corrupted          Kind = "download with other bytes"
	SlowUpload         Kind = "upload that is taken slowly"
	SlowDownload       Kind = "download that comes slowly"
	StalledUpload      Kind = "upload of which no more is taken"
	StalledDownload    Kind = "download of which no more comes"
	StalledReply       Kind = "reply that never comes"
	LostSession404     Kind = "upload session lost, 404"
	LostSession416     Kind = "upload session lost, 416"
	WrongDigest        Kind = "wrong digest in the header"
	NoDigest           Kind = "no digest in the header"
	RelativeLocation   Kind = "relative Location"
	ForeignLocation    Kind = "Location on another host"
	Redirected         Kind = "redirect to another host"
	GoAway             Kind = "HTTP/2 GOAWAY"
	TypeRefused        Kind = "artifactType refused"
	HeadBroken         Kind = "HEAD refused"
)

// Kinds returns all kinds, in the order in which they are declared.
func Kinds() []Kind {
	return []Kind{
		TooMany, TooManySeconds, TooManyDate, ServerError, BadGateway, Unavailable, UnavailableSeconds, UnavailableDate, GatewayTimeout,
		CutBefore, ClosedBefore, CutInBody, CutAfterBody, ReplyLost, ErrorAfterDone, Truncated, Corrupted,
		SlowUpload, SlowDownload, StalledUpload, StalledDownload, StalledReply,
		LostSession404, LostSession416, WrongDigest, NoDigest, RelativeLocation, ForeignLocation, Redirected, GoAway, TypeRefused, HeadBroken,
	}
}

// behaviour is what a kind of fault does. Either answers in place of the
// registry or changes what goes on to it and comes back.
type behaviour struct {
	applies func(r *http.Request) bool                                  // nil: to every request
	answer  func(s *Server, w http.ResponseWriter, r *http.Request)     // in place of the registry
	forward func(s *Server, r *http.Request)                            // changes the request
	reply   func(s *Server, w http.ResponseWriter, resp *http.Response) // changes the reply
}

var behaviours = map[Kind]behaviour{
	TooMany:            {answer: status(http.StatusTooManyRequests, "TOOMANYREQUESTS", noWait)},
	TooManySeconds:     {answer: status(http.StatusTooManyRequests, "TOOMANYREQUESTS", inSeconds)},
	TooManyDate:        {answer: status(http.StatusTooManyRequests, "TOOMANYREQUESTS", asDate)},
	ServerError:        {answer: status(http.StatusInternalServerError, "UNKNOWN", noWait)},
	BadGateway:         {answer: page(http.StatusBadGateway)},
	Unavailable:        {answer: status(http.StatusServiceUnavailable, "UNAVAILABLE", noWait)},
	UnavailableSeconds: {answer: status(http.StatusServiceUnavailable, "UNAVAILABLE", inSeconds)},
	UnavailableDate:    {answer: status(http.StatusServiceUnavailable, "UNAVAILABLE", asDate)},
	GatewayTimeout:     {answer: page(http.StatusGatewayTimeout)},
	CutBefore:          {answer: func(_ *Server, w http.ResponseWriter, _ *http.Request) { cut(w) }},
	ClosedBefore:       {answer: func(_ *Server, w http.ResponseWriter, _ *http.Request) { hangUp(w) }},
	CutInBody:          {applies: hasBody, answer: cutInBody},
	CutAfterBody:       {applies: hasBody, answer: cutAfterBody},
	ReplyLost:          {answer: (*Server).loseReply},
	ErrorAfterDone:     {answer: (*Server).failAfter},
	Truncated:          {applies: downloads, reply: truncate},
	Corrupted:          {applies: downloads, reply: corrupt},
	SlowUpload:         {applies: hasBody, forward: slowBody},
	SlowDownload:       {applies: downloads, reply: slowReply},
	StalledUpload:      {applies: hasBody, answer: (*Server).stallUpload},
	StalledDownload:    {applies: downloads, reply: stallReply},
	StalledReply:       {answer: (*Server).stall},
	LostSession404:     {applies: finishesUpload, answer: status(http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", noWait)},
	LostSession416:     {applies: finishesUpload, answer: status(http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", noWait)},
	WrongDigest:        {applies: namesDigest, reply: wrongDigest},
	NoDigest:           {applies: namesDigest, reply: func(_ *Server, _ http.ResponseWriter, resp *http.Response) { resp.Header.Del(headerDigest) }},
	RelativeLocation:   {applies: startsUpload, reply: relativeLocation},
	ForeignLocation:    {applies: startsUpload, reply: foreignLocation},
	Redirected:         {applies: readsBlob, answer: (*Server).redirect},
	GoAway:             {applies: isHTTP2, reply: func(_ *Server, w http.ResponseWriter, _ *http.Response) { w.Header().Set("Connection", "close") }},
	TypeRefused:        {applies: writesManifest, answer: refuseType},
	HeadBroken:         {applies: isHead, answer: status(http.StatusMethodNotAllowed, "UNSUPPORTED", noWait)},
}

// Applies tells whether a kind of fault can happen to a request.
func (k Kind) Applies(r *http.Request) bool {
	b, ok := behaviours[k]
	return ok && (b.applies == nil || b.applies(r))
}

func hasBody(r *http.Request) bool   { return r.ContentLength > 0 }
func isHead(r *http.Request) bool    { return r.Method == http.MethodHead }
func isHTTP2(r *http.Request) bool   { return r.ProtoMajor == 2 }
func downloads(r *http.Request) bool { return r.Method == http.MethodGet && (manifests(r) || blobs(r)) }
func readsBlob(r *http.Request) bool { return r.Method == http.MethodGet && blobs(r) }
func startsUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/blobs/uploads/")
}

func finishesUpload(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/uploads/")
}
func writesManifest(r *http.Request) bool { return r.Method == http.MethodPut && manifests(r) }
func namesDigest(r *http.Request) bool    { return manifests(r) || finishesUpload(r) }
func manifests(r *http.Request) bool      { return strings.Contains(r.URL.Path, "/manifests/") }
func blobs(r *http.Request) bool          { return strings.Contains(r.URL.Path, "/blobs/sha256:") }
