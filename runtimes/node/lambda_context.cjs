'use strict';
// The context object that a handler gets as its second argument.

const { hasCallbacks } = require('./generation.cjs');

// Properties are those of AWS's Node.js runtimes; what the caller did not send is undefined. `completion` gives the older generation
// its methods and the callbackWaitsForEmptyEventLoop accessor. Throws Error when a header is not the JSON that it must be.
function makeContext({ requestId, headers }, completion) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const ofInvocation = {
    clientContext: parseHeader(headers['lambda-runtime-client-context'], 'ClientContext'),
    identity: parseHeader(headers['lambda-runtime-cognito-identity'], 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: requestId,
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (hasCallbacks) return Object.assign(completion, functionFields, ofInvocation);
  return Object.assign(ofInvocation, { xRayTraceId: headers['lambda-runtime-trace-id'] }, functionFields);
}

const functionFields = {
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
};

function parseHeader(text, name) {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error.toString()}`);
  }
}

module.exports = { makeContext };
