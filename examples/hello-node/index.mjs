// Greets: {"name": "Ada"} gives {"message": "Hello, Ada!", …}. An ES module with an async handler.

const started = Date.now();
let invocations = 0;

export const handler = async (event, context) => {
  invocations += 1;
  console.log('greeting', event?.name ?? 'nobody');
  return {
    message: `Hello, ${event?.name ?? 'world'}!`,
    node: process.version,
    requestId: context.awsRequestId,
    invocations, // of this execution environment
    environmentAgeMs: Date.now() - started,
  };
};
