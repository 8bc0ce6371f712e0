// The AWS SDK for JavaScript v3 against a running daemon (MAYFLY_URL). If it fails, Node programs cannot use Mayfly.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import {
  CreateFunctionCommand, DeleteFunctionCommand, GetAccountSettingsCommand, GetFunctionCommand, InvokeAsyncCommand, InvokeCommand, LambdaClient,
  InvokeWithResponseStreamCommand, ListFunctionsCommand, TagResourceCommand, UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand, paginateListFunctions, waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';

const client = new LambdaClient({ endpoint: process.env.MAYFLY_URL, maxAttempts: 1 });
const role = 'arn:aws:iam::000000000000:role/test';
const fast = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
const text = (bytes) => new TextDecoder().decode(bytes);

async function create(name, more = {}) {
  await client.send(new CreateFunctionCommand({
    FunctionName: name, Runtime: 'nodejs20.x', Handler: 'index.handler', Role: role, Code: { ZipFile: readFileSync('function.zip') }, ...more,
  }));
  await waitUntilFunctionActiveV2(fast, { FunctionName: name });
}

after(() => client.destroy());

test('create, invoke, update, delete', async () => {
  const FunctionName = 'js-life';
  await create(FunctionName, { Environment: { Variables: { COLOR: '1' } } });
  const answer = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify({ a: 1 }), LogType: 'Tail' }));
  assert.equal(answer.StatusCode, 200);
  assert.equal(answer.FunctionError, undefined);
  assert.equal(answer.ExecutedVersion, '$LATEST');
  assert.deepEqual(JSON.parse(text(answer.Payload)), { event: { a: 1 }, requestId: answer.$metadata.requestId, name: FunctionName });
  assert.match(Buffer.from(answer.LogResult, 'base64').toString(), /REPORT RequestId/);

  await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: readFileSync('changed.zip') }));
  await waitUntilFunctionUpdatedV2(fast, { FunctionName });
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 256 }));
  await waitUntilFunctionUpdatedV2(fast, { FunctionName });
  assert.equal(text((await client.send(new InvokeCommand({ FunctionName }))).Payload), '"changed"');
  const { Configuration, Code } = await client.send(new GetFunctionCommand({ FunctionName }));
  assert.equal(Configuration.MemorySize, 256);
  const downloaded = await fetch(Code.Location);
  assert.deepEqual(Buffer.from(await downloaded.arrayBuffer()), readFileSync('changed.zip'));

  const deleted = await client.send(new DeleteFunctionCommand({ FunctionName }));
  assert.ok([200, 204].includes(deleted.$metadata.httpStatusCode));
  await assert.rejects(client.send(new GetFunctionCommand({ FunctionName })), {
    name: 'ResourceNotFoundException', message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`,
  });
});

test('events are accepted with 202 and run', async () => {
  const FunctionName = 'js-events';
  await create(FunctionName);
  const answer = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify({ a: 1 }) }));
  assert.equal(answer.StatusCode, 202);
  assert.equal(answer.Payload?.length ?? 0, 0);
  assert.equal(answer.ExecutedVersion, undefined);
  assert.equal((await client.send(new InvokeAsyncCommand({ FunctionName, InvokeArgs: '{}' }))).Status, 202);
  for (let line = '', end = Date.now() + 30_000; !line.includes(`END RequestId: ${answer.$metadata.requestId}`);) {
    assert.ok(Date.now() < end, `the event was not run: ${line}`);
    line = await (await fetch(`${process.env.MAYFLY_URL}/_mayfly/logs?function=${FunctionName}`)).text();
  }
  await assert.rejects(client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: `"${'x'.repeat(1048576)}"` })), {
    name: 'RequestEntityTooLargeException', message: '1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
  });
  await client.send(new DeleteFunctionCommand({ FunctionName }));
});

test('function errors and service errors are told apart', async () => {
  const FunctionName = 'js-errors';
  await create(FunctionName, { Handler: 'index.missing' });
  const answer = await client.send(new InvokeCommand({ FunctionName }));
  assert.equal(answer.FunctionError, 'Unhandled');
  assert.equal(JSON.parse(text(answer.Payload)).errorType, 'Runtime.HandlerNotFound');
  await assert.rejects(create(FunctionName), { name: 'ResourceConflictException', message: `Function already exist: ${FunctionName}` });
  await assert.rejects(client.send(new InvokeCommand({ FunctionName, Payload: '{' })), { name: 'InvalidRequestContentException' });
  await client.send(new DeleteFunctionCommand({ FunctionName }));
});

test('streamed answers', async () => {
  const FunctionName = 'js-stream';
  await create(FunctionName, { Code: { ZipFile: readFileSync('streaming.zip') }, Timeout: 60, MemorySize: 512 });
  const answer = await client.send(new InvokeWithResponseStreamCommand({ FunctionName, Payload: '{}', LogType: 'Tail' }));
  assert.equal(answer.StatusCode, 200);
  assert.equal(answer.ExecutedVersion, '$LATEST');
  let received = '';
  let complete;
  for await (const event of answer.EventStream) {
    if (event.PayloadChunk) {
      received += text(event.PayloadChunk.Payload);
      // The function goes on when this is known: the first chunk has come while it runs.
      if (received === 'first ') await client.send(new TagResourceCommand({ Resource: `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`, Tags: { go: '1' } }));
    } else complete = event.InvokeComplete;
  }
  assert.equal(received, 'first second');
  assert.equal(complete.ErrorCode, undefined);
  assert.match(Buffer.from(complete.LogResult, 'base64').toString(), /REPORT RequestId/);

  const failing = await client.send(new InvokeWithResponseStreamCommand({ FunctionName, Payload: '{"fail": true}' }));
  const events = [];
  for await (const event of failing.EventStream) events.push(event);
  assert.equal(text(events[0].PayloadChunk.Payload), 'first ');
  assert.equal(events.at(-1).InvokeComplete.ErrorCode, 'Unhandled');
  assert.equal(JSON.parse(events.at(-1).InvokeComplete.ErrorDetails).errorMessage, 'as asked');
  await assert.rejects(client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'js-nothing' })), { name: 'ResourceNotFoundException' });
  await client.send(new DeleteFunctionCommand({ FunctionName }));
});

test('pages and account settings', async () => {
  const names = ['js-page-1', 'js-page-2', 'js-page-3'];
  await Promise.all(names.map((name) => create(name)));
  const listed = [];
  for await (const page of paginateListFunctions({ client, pageSize: 2 }, {})) listed.push(...page.Functions.map((f) => f.FunctionName));
  for (const name of names) assert.equal(listed.filter((other) => other === name).length, 1);
  assert.ok((await client.send(new ListFunctionsCommand({ MaxItems: 1 }))).NextMarker);
  const settings = await client.send(new GetAccountSettingsCommand({}));
  assert.ok(settings.AccountUsage.FunctionCount >= 3);
  await Promise.all(names.map((FunctionName) => client.send(new DeleteFunctionCommand({ FunctionName }))));
});

test('many invocations at once', async () => {
  const FunctionName = 'js-parallel';
  await create(FunctionName, { Timeout: 60 });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, number) => client.send(new InvokeCommand({ FunctionName, Payload: String(number) }))));
  answers.forEach((answer, number) => assert.equal(JSON.parse(text(answer.Payload)).event, number));
  await client.send(new DeleteFunctionCommand({ FunctionName }));
});
