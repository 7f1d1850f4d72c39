package harbortest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxBody bounds what the API reads of a request.
const maxBody = 1 << 20

// apiError is a reply that tells of a failure.
type apiError struct {
	status        int
	code, message string
}

// Error returns the message.
func (e *apiError) Error() string { return e.message }

func failure(status int, code, message string) *apiError { return &apiError{status, code, message} }

func badRequest(message string) *apiError {
	return failure(http.StatusBadRequest, "BAD_REQUEST", message)
}

func notFound(message string) *apiError {
	return failure(http.StatusNotFound, "NOT_FOUND", message)
}

func forbidden(message string) *apiError {
	return failure(http.StatusForbidden, "FORBIDDEN", message)
}

func conflict(message string) *apiError {
	return failure(http.StatusConflict, "CONFLICT", message)
}

func errorBody(code, message string) string {
	type one struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	b, _ := json.Marshal(map[string][]one{"errors": {{code, message}}}) // strings only: cannot fail
	return string(b) + "\n"
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	writeBody(w, status, errorBody(code, message))
}

// writeFailure answers with an error of any kind.
func writeFailure(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = failure(http.StatusInternalServerError, "UNKNOWN", "internal server error")
	}
	writeError(w, e.status, e.code, e.message)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		writeFailure(w, err)
		return
	}
	writeBody(w, status, string(b)+"\n")
}

func writeBody(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may have gone
}

// readJSON decodes the body of a request.
func readJSON(w http.ResponseWriter, q *request, into any) error {
	err := json.NewDecoder(http.MaxBytesReader(w, q.Body, maxBody)).Decode(into)
	if err != nil {
		return failure(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "parsing body from \"\" failed, because "+err.Error())
	}
	return nil
}

// dateTime is a time as the API writes it; the zero time stands for never.
func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
