// A custom runtime in Go, standard library only: the function wraps every event in a greeting.
//
// main is the runtime: it fetches events from the Runtime API and posts the answers. handle is the function.
// A panic or an error of handle becomes a function error and the environment lives on.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const eventBytesMax = 64 << 20

type invocation struct {
	requestID string
	deadline  time.Time
	event     []byte
}

func handle(call invocation) ([]byte, error) {
	if !json.Valid(call.event) {
		return nil, fmt.Errorf("the event is not JSON")
	}
	return json.Marshal(map[string]any{
		"language":    "go",
		"event":       json.RawMessage(call.event),
		"remainingMs": time.Until(call.deadline).Milliseconds(),
	})
}

type runtimeAPI struct {
	base   string
	client http.Client
}

func (api *runtimeAPI) next() (invocation, error) {
	response, err := api.client.Get(api.base + "invocation/next")
	if err != nil {
		return invocation{}, err
	}
	defer response.Body.Close()
	event, err := io.ReadAll(io.LimitReader(response.Body, eventBytesMax))
	if err != nil {
		return invocation{}, err
	}
	if response.StatusCode != http.StatusOK {
		return invocation{}, fmt.Errorf("no next invocation: %s", response.Status)
	}
	var deadline int64
	fmt.Sscan(response.Header.Get("Lambda-Runtime-Deadline-Ms"), &deadline)
	return invocation{response.Header.Get("Lambda-Runtime-Aws-Request-Id"), time.UnixMilli(deadline), event}, nil
}

func (api *runtimeAPI) post(path string, body []byte, errorType string) error {
	request, err := http.NewRequest(http.MethodPost, api.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if errorType != "" {
		request.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	}
	response, err := api.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body) // a body that was read to its end lets the connection be used again
	if response.StatusCode >= 500 {
		return fmt.Errorf("the platform failed: %s", response.Status)
	}
	return err
}

func callSafely(call invocation) (result []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return handle(call)
}

func serve(api *runtimeAPI) error {
	for {
		call, err := api.next()
		if err != nil {
			return err
		}
		result, failure := callSafely(call)
		path, errorType := "/response", ""
		if failure != nil {
			errorType, path = "Function.HandlerFailed", "/error"
			result, _ = json.Marshal(map[string]any{"errorType": errorType, "errorMessage": failure.Error(), "stackTrace": []string{}})
		}
		if err := api.post("invocation/"+call.requestID+path, result, errorType); err != nil {
			return err
		}
	}
}

func main() {
	api := &runtimeAPI{base: "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"}
	api.client.Transport = &http.Transport{Proxy: nil} // the Runtime API is never behind a proxy
	if err := serve(api); err != nil {
		fmt.Fprintln(os.Stderr, "bootstrap:", err)
		os.Exit(1)
	}
}
