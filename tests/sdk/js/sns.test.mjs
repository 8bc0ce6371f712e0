// Driven by test_javascript.py: MAYFLY_URL is the daemon.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
  CreateTopicCommand, DeleteTopicCommand, GetSubscriptionAttributesCommand, ListSubscriptionsByTopicCommand, NotFoundException, PublishBatchCommand,
  PublishCommand, SNSClient, SubscribeCommand, UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {CreateQueueCommand, DeleteMessageCommand, DeleteQueueCommand, ReceiveMessageCommand, SQSClient} from '@aws-sdk/client-sqs';

const sns = new SNSClient({endpoint: process.env.MAYFLY_URL, maxAttempts: 1});
const sqs = new SQSClient({endpoint: process.env.MAYFLY_URL, maxAttempts: 1});

test('a topic reaches its queue', async () => {
  const {TopicArn} = await sns.send(new CreateTopicCommand({Name: `js-${process.pid}`}));
  const queue = TopicArn.replace(':sns:', ':sqs:');
  const policy = {Version: '2012-10-17', Statement: [
    {Effect: 'Allow', Principal: {Service: 'sns.amazonaws.com'}, Action: 'sqs:SendMessage', Resource: queue, Condition: {ArnEquals: {'aws:SourceArn': TopicArn}}}]};
  const {QueueUrl} = await sqs.send(new CreateQueueCommand({QueueName: `js-${process.pid}`, Attributes: {Policy: JSON.stringify(policy)}}));
  const {SubscriptionArn} = await sns.send(new SubscribeCommand(
      {TopicArn, Protocol: 'sqs', Endpoint: queue, Attributes: {FilterPolicy: '{"kind": ["wanted"]}'}, ReturnSubscriptionArn: true}));
  const MessageAttributes = {kind: {DataType: 'String', StringValue: 'wanted'}};
  await sns.send(new PublishCommand({TopicArn, Message: 'unwanted'}));
  const sent = await sns.send(new PublishCommand({TopicArn, Message: 'one', MessageAttributes}));
  const batch = await sns.send(new PublishBatchCommand({TopicArn, PublishBatchRequestEntries: [{Id: 'a', Message: 'two', MessageAttributes}]}));
  const ids = [sent.MessageId, batch.Successful[0].MessageId];
  const got = [];
  for (const end = Date.now() + 60_000; got.length < 2 && Date.now() < end;) {
    const {Messages = []} = await sqs.send(new ReceiveMessageCommand({QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1}));
    for (const {Body, ReceiptHandle} of Messages) {
      got.push(JSON.parse(Body));
      await sqs.send(new DeleteMessageCommand({QueueUrl, ReceiptHandle}));
    }
  }
  assert.deepEqual(got.map(({MessageId}) => MessageId).sort(), ids.sort());
  assert.equal((await sns.send(new ListSubscriptionsByTopicCommand({TopicArn}))).Subscriptions.length, 1);
  await sns.send(new UnsubscribeCommand({SubscriptionArn}));
  await assert.rejects(sns.send(new GetSubscriptionAttributesCommand({SubscriptionArn})), NotFoundException);
  await sns.send(new DeleteTopicCommand({TopicArn}));
  await sqs.send(new DeleteQueueCommand({QueueUrl}));
});
