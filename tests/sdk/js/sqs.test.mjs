// Driven by test_javascript.py: MAYFLY_URL is the daemon.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
  ChangeMessageVisibilityBatchCommand, CreateQueueCommand, DeleteMessageBatchCommand, DeleteQueueCommand, GetQueueAttributesCommand, GetQueueUrlCommand,
  QueueDoesNotExist, ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient,
} from '@aws-sdk/client-sqs';

const client = new SQSClient({endpoint: process.env.MAYFLY_URL, maxAttempts: 1});

test('messages go through a queue with their checksums', async () => {
  // The SDK compares MD5OfMessageBody and MD5OfBody by itself.
  const {QueueUrl} = await client.send(new CreateQueueCommand({QueueName: `js-${process.pid}`, tags: {made: 'here'}}));
  const attributes = {kind: {DataType: 'String', StringValue: 'ü'}, data: {DataType: 'Binary', BinaryValue: new Uint8Array([0, 255])}};
  const sent = await client.send(new SendMessageCommand({QueueUrl, MessageBody: '{"a": "🎉"}', MessageAttributes: attributes}));
  assert.equal(sent.MD5OfMessageAttributes.length, 32);
  const batch = await client.send(new SendMessageBatchCommand({QueueUrl, Entries: [{Id: 'one', MessageBody: '1'}, {Id: 'two', MessageBody: '2', DelaySeconds: 901}]}));
  assert.deepEqual(batch.Successful.map(({Id}) => Id), ['one']);
  assert.deepEqual(batch.Failed.map(({Id, Code, SenderFault}) => [Id, Code, SenderFault]), [['two', 'InvalidParameterValue', true]]);
  const {Messages} = await client.send(new ReceiveMessageCommand(
      {QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All']}));
  assert.deepEqual(Messages.map(({Body}) => Body), ['{"a": "🎉"}', '1']);
  assert.deepEqual(Messages[0].MessageAttributes.data.BinaryValue, attributes.data.BinaryValue);
  assert.equal(Messages[0].Attributes.ApproximateReceiveCount, '1');
  const entries = Messages.map(({ReceiptHandle}, number) => ({Id: `${number}`, ReceiptHandle}));
  await client.send(new ChangeMessageVisibilityBatchCommand({QueueUrl, Entries: entries.map((entry) => ({...entry, VisibilityTimeout: 60}))}));
  await client.send(new DeleteMessageBatchCommand({QueueUrl, Entries: entries}));
  const {Attributes} = await client.send(new GetQueueAttributesCommand({QueueUrl, AttributeNames: ['All']}));
  assert.equal(Attributes.ApproximateNumberOfMessages, '0');
  await client.send(new DeleteQueueCommand({QueueUrl}));
});

test('a FIFO queue keeps groups in order', async () => {
  const {QueueUrl} = await client.send(new CreateQueueCommand(
      {QueueName: `js-${process.pid}.fifo`, Attributes: {FifoQueue: 'true', ContentBasedDeduplication: 'true'}}));
  const first = await client.send(new SendMessageCommand({QueueUrl, MessageBody: '1', MessageGroupId: 'g'}));
  const again = await client.send(new SendMessageCommand({QueueUrl, MessageBody: '1', MessageGroupId: 'g'}));
  assert.deepEqual([again.MessageId, again.SequenceNumber], [first.MessageId, first.SequenceNumber]);
  await client.send(new SendMessageCommand({QueueUrl, MessageBody: '2', MessageGroupId: 'g'}));
  const {Messages} = await client.send(new ReceiveMessageCommand({QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All']}));
  assert.deepEqual(Messages.map(({Body}) => Body), ['1', '2']);
  assert.equal(Messages[0].Attributes.SequenceNumber, first.SequenceNumber);
  await client.send(new DeleteQueueCommand({QueueUrl}));
});

test('errors have their classes', async () => {
  await assert.rejects(client.send(new GetQueueUrlCommand({QueueName: 'not-there'})), (error) => {
    assert.ok(error instanceof QueueDoesNotExist, `${error}`);
    assert.equal(error.$metadata.httpStatusCode, 400);
    return true;
  });
});
