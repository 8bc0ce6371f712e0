'use strict';
// What becomes of console.log and its kind: AWS's text or JSON lines (AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL), to standard output or,
// framed, to the descriptor of _LAMBDA_TELEMETRY_LOG_FD. On standard output the line ends inside a message become carriage
// returns, which keeps it in one piece. Writing is synchronous: what was logged is out before the answer is sent.

const fs = require('node:fs');
const util = require('node:util');
const { hasCallbacks } = require('./generation.cjs');
const { asError, toLogText } = require('./function_errors.cjs');

const FRAME_TEXT = 0xa55a0003;
const FRAME_JSON = 0xa55a0002;
const FRAME_HEAD_BYTES = 16;
const LEVELS = Object.freeze({
  TRACE: { name: 'TRACE', priority: 1, frame: 0x04 },
  DEBUG: { name: 'DEBUG', priority: 2, frame: 0x08 },
  INFO: { name: 'INFO', priority: 3, frame: 0x0c },
  WARN: { name: 'WARN', priority: 4, frame: 0x10 },
  ERROR: { name: 'ERROR', priority: 5, frame: 0x14 },
  FATAL: { name: 'FATAL', priority: 6, frame: 0x18 },
});

// Log libraries read the current request from here.
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const TENANT_ID = Symbol.for('aws.lambda.runtime.tenantId');

const isJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
const lowest = LEVELS[process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? LEVELS.TRACE;

function setCurrentInvocation(requestId, tenantId) {
  globalThis[REQUEST_ID] = requestId;
  globalThis[TENANT_ID] = tenantId;
}

function currentRequestId() {
  return globalThis[REQUEST_ID] ?? (hasCallbacks ? undefined : '-');
}

function textMessage(time, level, parameters) {
  return `${time}\t${currentRequestId()}\t${level.name}\t${util.format(...parameters)}`;
}

function jsonMessage(time, level, parameters) {
  const record = { timestamp: time, level: level.name, requestId: currentRequestId() };
  if (globalThis[TENANT_ID] != null) record.tenantId = globalThis[TENANT_ID];
  if (parameters.length === 1) {
    record.message = parameters[0];
    try {
      return JSON.stringify(record, (_, value) => (value instanceof Error ? { ...errorFields(value), ...value } : value));
    } catch { // circular, BigInt and the like
      record.message = util.format(parameters[0]);
      return JSON.stringify(record);
    }
  }
  record.message = util.format(...parameters);
  const error = parameters.find((parameter) => parameter instanceof Error);
  return JSON.stringify(error === undefined ? record : { ...record, ...errorFields(error) });
}

function errorFields(error) {
  return {
    errorType: error?.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}

function standardOutputWriter() {
  return (level, message) => {
    process.stdout.write(`${message.replace(/\n/g, '\r')}\n`);
  };
}

// One frame: type, length (4 bytes each), microseconds (8 bytes), message; big-endian.
function framedWriter(descriptor) {
  return (level, message) => {
    const body = Buffer.from(isJson ? message : `${message}\n`, 'utf8');
    const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + body.length);
    frame.writeUInt32BE(((isJson ? FRAME_JSON : FRAME_TEXT) | level.frame) >>> 0, 0);
    frame.writeUInt32BE(body.length, 4);
    frame.writeBigInt64BE(BigInt(Date.now()) * 1000n, 8);
    body.copy(frame, FRAME_HEAD_BYTES);
    for (let sent = 0; sent < frame.length;) sent += fs.writeSync(descriptor, frame, sent);
  };
}

// Replaces console's methods. Called once, before function code is loaded.
function patchConsole() {
  const descriptor = process.env._LAMBDA_TELEMETRY_LOG_FD;
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  const write = descriptor === undefined ? standardOutputWriter() : framedWriter(Number(descriptor));
  const format = isJson ? jsonMessage : textMessage;
  const method = (level) => (level.priority < lowest.priority ? () => {} : (message, ...rest) => {
    write(level, format(new Date().toISOString(), level, [message, ...rest]));
  });
  console.trace = method(LEVELS.TRACE);
  console.debug = method(LEVELS.DEBUG);
  console.info = method(LEVELS.INFO);
  console.log = console.info;
  console.warn = method(LEVELS.WARN);
  console.error = method(LEVELS.ERROR);
  console.fatal = method(LEVELS.FATAL);
}

// Logs an error of the function under a title such as "Invoke Error".
function logError(title, error) {
  if (isJson) console.error(asError(error));
  else console.error(title, toLogText(asError(error)));
}

module.exports = { patchConsole, setCurrentInvocation, logError };
