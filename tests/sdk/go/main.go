// What programs in Go do with a daemon through aws-sdk-go-v2: one function per service. Each says what it has found otherwise than on AWS.
//
//	clients ENDPOINT SUFFIX    SUFFIX makes the names of this run its own
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const account = "000000000000"

type world struct {
	ctx    context.Context
	config aws.Config
	suffix string
	queues *sqs.Client
}

func check(ok bool, format string, arguments ...any) {
	if !ok {
		panic(fmt.Sprintf(format, arguments...))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (w world) queue(name string, policyFor string) (url string, arn string) {
	name += w.suffix
	arn = "arn:aws:sqs:us-east-1:" + account + ":" + name
	statement := map[string]any{"Effect": "Allow", "Principal": map[string]string{"Service": policyFor}, "Action": "sqs:SendMessage", "Resource": arn}
	policy := must(json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}))
	made := must(w.queues.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"Policy": string(policy)}}))
	return *made.QueueUrl, arn
}

// The next message of a queue, deleted.
func (w world) receive(url string) sqstypes.Message {
	for range 60 {
		got := must(w.queues.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"}}))
		if len(got.Messages) > 0 {
			must(w.queues.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: got.Messages[0].ReceiptHandle}))
			return got.Messages[0]
		}
	}
	panic("no message comes to " + url)
}

func (w world) messages() {
	url, _ := w.queue("go-queue", "sns.amazonaws.com")
	sent := must(w.queues.SendMessage(w.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("héllo"),
		MessageAttributes: map[string]sqstypes.MessageAttributeValue{"n": {DataType: aws.String("Number"), StringValue: aws.String("7")}}}))
	got := w.receive(url)
	check(*got.Body == "héllo" && *got.MessageId == *sent.MessageId && *got.MessageAttributes["n"].StringValue == "7", "not the message that was sent: %v", got)
	batch := must(w.queues.SendMessageBatch(w.ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("1")}, {Id: aws.String("b"), MessageBody: aws.String("2")}}}))
	check(len(batch.Successful) == 2 && len(batch.Failed) == 0, "the batch has failed: %v", batch)
	_, err := w.queues.GetQueueUrl(w.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none" + w.suffix)})
	var missing *sqstypes.QueueDoesNotExist
	check(errors.As(err, &missing), "not QueueDoesNotExist but %v", err)
	must(w.queues.DeleteQueue(w.ctx, &sqs.DeleteQueueInput{QueueUrl: &url}))
}

func (w world) topics() {
	client := sns.NewFromConfig(w.config)
	url, arn := w.queue("go-topic", "sns.amazonaws.com")
	topic := must(client.CreateTopic(w.ctx, &sns.CreateTopicInput{Name: aws.String("go-topic" + w.suffix), Tags: []snstypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})).TopicArn
	must(client.Subscribe(w.ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: &arn, ReturnSubscriptionArn: true,
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"kind":["a"]}`}}))
	kind := func(value string) map[string]snstypes.MessageAttributeValue {
		return map[string]snstypes.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: &value}}
	}
	must(client.Publish(w.ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("no"), MessageAttributes: kind("b")}))
	batch := must(client.PublishBatch(w.ctx, &sns.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
		{Id: aws.String("1"), Message: aws.String("yes"), MessageAttributes: kind("a")}}}))
	check(len(batch.Successful) == 1, "the batch has failed: %v", batch)
	got := w.receive(url)
	check(*got.Body == "yes" && *got.MessageAttributes["kind"].StringValue == "a", "not the message that was published: %v", got)
	_, err := client.Publish(w.ctx, &sns.PublishInput{TopicArn: aws.String(*topic + "x"), Message: aws.String("x")})
	var missing *snstypes.NotFoundException
	check(errors.As(err, &missing), "not NotFoundException but %v", err)
	must(client.DeleteTopic(w.ctx, &sns.DeleteTopicInput{TopicArn: topic}))
	must(w.queues.DeleteQueue(w.ctx, &sqs.DeleteQueueInput{QueueUrl: &url}))
}

func (w world) events() {
	client := eventbridge.NewFromConfig(w.config)
	url, arn := w.queue("go-events", "events.amazonaws.com")
	rule := aws.String("go-rule" + w.suffix)
	must(client.PutRule(w.ctx, &eventbridge.PutRuleInput{Name: rule, EventPattern: aws.String(`{"source":["go` + w.suffix + `"]}`)}))
	put := must(client.PutTargets(w.ctx, &eventbridge.PutTargetsInput{Rule: rule, Targets: []eventtypes.Target{{Id: aws.String("q"), Arn: &arn}}}))
	check(put.FailedEntryCount == 0, "the target is refused: %v", put.FailedEntries)
	sent := must(client.PutEvents(w.ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{
		{Source: aws.String("go" + w.suffix), DetailType: aws.String("t"), Detail: aws.String(`{"n":1}`)}, {Source: aws.String("bad"), DetailType: aws.String("t"), Detail: aws.String("no json")}}}))
	check(sent.FailedEntryCount == 1 && sent.Entries[0].EventId != nil && *sent.Entries[1].ErrorCode == "MalformedDetail", "not one of two events failed: %v", sent.Entries)
	var event struct {
		ID     string         `json:"id"`
		Detail map[string]int `json:"detail"`
	}
	check(json.Unmarshal([]byte(*w.receive(url).Body), &event) == nil && event.ID == *sent.Entries[0].EventId && event.Detail["n"] == 1, "not the event that was put: %v", event)
	must(client.RemoveTargets(w.ctx, &eventbridge.RemoveTargetsInput{Rule: rule, Ids: []string{"q"}}))
	must(client.DeleteRule(w.ctx, &eventbridge.DeleteRuleInput{Name: rule}))
	must(w.queues.DeleteQueue(w.ctx, &sqs.DeleteQueueInput{QueueUrl: &url}))
}

func (w world) objects() {
	client := s3.NewFromConfig(w.config, func(options *s3.Options) { options.UsePathStyle = true })
	bucket := aws.String("go-bucket" + w.suffix)
	must(client.CreateBucket(w.ctx, &s3.CreateBucketInput{Bucket: bucket}))
	body := strings.Repeat("0123456789", 200_000)
	for _, algorithm := range []s3types.ChecksumAlgorithm{"", s3types.ChecksumAlgorithmCrc32, s3types.ChecksumAlgorithmCrc32c, s3types.ChecksumAlgorithmSha1, s3types.ChecksumAlgorithmSha256, s3types.ChecksumAlgorithmCrc64nvme} {
		key := aws.String("a b/ü+" + string(algorithm))
		put := must(client.PutObject(w.ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader(body), ChecksumAlgorithm: algorithm, Metadata: map[string]string{"m": "1"}}))
		got := must(client.GetObject(w.ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, ChecksumMode: s3types.ChecksumModeEnabled}))
		read := must(io.ReadAll(got.Body))
		check(string(read) == body && *got.ETag == *put.ETag && got.Metadata["m"] == "1", "%q: not the object that was put", algorithm)
	}
	// In parts, each with its checksum.
	upload := must(client.CreateMultipartUpload(w.ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("parts"), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32}))
	part := bytes.Repeat([]byte("p"), 5<<20)
	first := must(client.UploadPart(w.ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("parts"), UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(part), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32}))
	last := must(client.UploadPart(w.ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("parts"), UploadId: upload.UploadId, PartNumber: aws.Int32(2), Body: strings.NewReader("end"), ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32}))
	must(client.CompleteMultipartUpload(w.ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: aws.String("parts"), UploadId: upload.UploadId, MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{
		{PartNumber: aws.Int32(1), ETag: first.ETag, ChecksumCRC32: first.ChecksumCRC32}, {PartNumber: aws.Int32(2), ETag: last.ETag, ChecksumCRC32: last.ChecksumCRC32}}}}))
	ranged := must(client.GetObject(w.ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("parts"), Range: aws.String("bytes=5242879-")}))
	check(string(must(io.ReadAll(ranged.Body))) == "pend", "not the range that was asked for")
	var keys []string
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, MaxKeys: aws.Int32(3)})
	for pages.HasMorePages() {
		for _, object := range must(pages.NextPage(w.ctx)).Contents {
			keys = append(keys, *object.Key)
		}
	}
	check(len(keys) == 7 && keys[0] == "a b/ü+", "not the keys that were put: %q", keys)
	_, err := client.GetObject(w.ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	var missing *s3types.NoSuchKey
	check(errors.As(err, &missing), "not NoSuchKey but %v", err)
	_, err = client.HeadObject(w.ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
	var absent *s3types.NotFound
	check(errors.As(err, &absent), "not NotFound but %v", err)
	var all []s3types.ObjectIdentifier
	for i := range keys {
		all = append(all, s3types.ObjectIdentifier{Key: &keys[i]})
	}
	deleted := must(client.DeleteObjects(w.ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: all}}))
	check(len(deleted.Deleted) == len(keys) && len(deleted.Errors) == 0, "not all are deleted: %v", deleted.Errors)
	must(client.DeleteBucket(w.ctx, &s3.DeleteBucketInput{Bucket: bucket}))
}

func main() {
	config := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(os.Args[1]), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})}
	w := world{ctx: context.Background(), config: config, suffix: os.Args[2], queues: sqs.NewFromConfig(config)}
	failed := false
	for name, try := range map[string]func(){"sqs": w.messages, "sns": w.topics, "events": w.events, "s3": w.objects} {
		func() {
			defer func() {
				if found := recover(); found != nil {
					failed = true
					fmt.Printf("%s: %v\n", name, found)
				}
			}()
			try()
		}()
	}
	if failed {
		os.Exit(1)
	}
}
