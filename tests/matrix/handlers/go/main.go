// What every family's handler does: the event's "do" says it. With AWS's own library.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Refused is an error with a type of its own.
type Refused struct{ message string }

func (r Refused) Error() string { return r.message }

func tell(ctx context.Context) map[string]any {
	about, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	var client any
	if len(about.ClientContext.Custom) > 0 {
		client = about.ClientContext.Custom
	}
	return map[string]any{"request_id": about.AwsRequestID, "arn": about.InvokedFunctionArn, "name": lambdacontext.FunctionName,
		"version": lambdacontext.FunctionVersion, "memory": lambdacontext.MemoryLimitInMB, "group": lambdacontext.LogGroupName,
		"stream": lambdacontext.LogStreamName, "remaining": time.Until(deadline).Milliseconds(), "client": client,
		"trace": os.Getenv("_X_AMZN_TRACE_ID")}
}

func environment() map[string]string {
	all := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		all[name] = value
	}
	return all
}

// stream answers with pieces of 1 MiB, each of its own letter, and an error behind them if the event wants one.
func stream(event map[string]any) *events.LambdaFunctionURLStreamingResponse {
	reader, writer := io.Pipe()
	go func() {
		for number := 0; number < int(event["pieces"].(float64)); number++ {
			io.WriteString(writer, strings.Repeat(string(rune('a'+number)), 1<<20))
		}
		if event["fail"] == true {
			writer.CloseWithError(errors.New("as asked"))
		}
		writer.Close()
	}()
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: 201, Headers: map[string]string{"Content-Type": "text/letters"}, Body: reader}
}

func eat() {
	var kept [][]byte
	for {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = 'x'
		}
		kept = append(kept, block)
	}
}

func handle(ctx context.Context, event map[string]any) (any, error) {
	switch event["do"] {
	case "echo":
		return event, nil
	case "context":
		return tell(ctx), nil
	case "environment":
		return environment(), nil
	case "async":
		doubled := make(chan float64)
		go func() { doubled <- 2 * event["number"].(float64) }()
		return map[string]any{"doubled": <-doubled}, nil
	case "stream":
		return stream(event), nil
	case "unended":
		fmt.Print("no line's end")
		return nil, nil
	case "print":
		fmt.Println("a printed line")
		return nil, nil
	case "error":
		return nil, Refused{"as asked"}
	case "crash":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "panic":
		panic(Refused{"as asked"})
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Minute)
	case "memory":
		eat()
	case "large":
		return strings.Repeat("x", int(event["size"].(float64))), nil
	case "layer":
		text, err := os.ReadFile("/opt/layer.txt")
		return map[string]any{"file": string(text)}, err
	}
	return nil, Refused{fmt.Sprint(event)}
}

func main() { lambda.Start(handle) }
