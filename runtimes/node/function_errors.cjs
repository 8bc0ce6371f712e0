'use strict';
// How failures of a function are told: to the caller as JSON, to the log as JSON in a text line, to X-Ray as a cause.

const { types } = require('node:util');

const CAUSE_BYTES_MAX = 32 << 10;
const CAUSE_FRAMES_MAX = 50;

// The failures that have a name of the runtime.
function runtimeError(name) {
  const made = class extends Error {};
  Object.defineProperty(made, 'name', { value: name });
  made.prototype.name = `Runtime.${name}`;
  return made;
}

const ImportModuleError = runtimeError('ImportModuleError');
const HandlerNotFound = runtimeError('HandlerNotFound');
const MalformedHandlerName = runtimeError('MalformedHandlerName');
const UserCodeSyntaxError = runtimeError('UserCodeSyntaxError');
const CallbackHandlerDeprecated = runtimeError('CallbackHandlerDeprecated');
const MalformedStreamingHandler = runtimeError('MalformedStreamingHandler');
const InvalidStreamingOperation = runtimeError('InvalidStreamingOperation');
const UnhandledPromiseRejection = class extends runtimeError('UnhandledPromiseRejection') {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
};

const NodejsExit = class extends runtimeError('NodejsExit') {
  constructor() {
    super('The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. ' +
      'For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes');
  }
};

function asError(value) {
  return value instanceof Error ? value : new Error(value);
}

function looksLikeError(value) {
  return types.isNativeError(value) ||
    (value && typeof value.name === 'string' && typeof value.message === 'string' && typeof value.stack === 'string' &&
      value.name && value.message && value.stack);
}

// DEL would end a header or a log line on its way in AWS.
function visible(text) {
  return text?.replace(/\x7F/g, '%7F');
}

// The JSON object that the caller gets. Never throws, whatever was thrown at it.
function toReport(error) {
  try {
    if (looksLikeError(error)) {
      return {
        errorType: visible(error.name),
        errorMessage: visible(error.message),
        trace: typeof error.stack === 'string' ? visible(error.stack).split('\n') : [],
      };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

// What the runtime client posts: { text, errorType, cause }.
function toFailure(error) {
  const report = toReport(error);
  let text;
  try {
    text = JSON.stringify(report);
  } catch { // a name or message that is not text
    text = JSON.stringify({ errorType: 'handled', errorMessage: 'the error cannot be shown as JSON', trace: [] });
  }
  return { text, errorType: report.errorType || 'Error', cause: toCause(error) };
}

// What stands in the log behind "Invoke Error".
function toLogText(error) {
  try {
    return `\t${JSON.stringify(error, (_, value) => withProperties(value))}`;
  } catch {
    return `\t${JSON.stringify(toReport(error))}`;
  }
}

function withProperties(value) {
  if (!(value instanceof Error)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
}

// X-Ray's cause as ASCII JSON; null when it would be too large or the error does not let itself be read.
function toCause(error) {
  try {
    const stack = (visible(error.stack) ?? '').split('\n').filter((line) => /^\s+at /.test(line)).slice(0, CAUSE_FRAMES_MAX).map(toFrame);
    const text = JSON.stringify({
      working_directory: process.cwd(),
      exceptions: [{ type: visible(error.name), message: visible(error.message)?.slice(0, 4096), stack }],
      paths: [...new Set(stack.map((frame) => frame.path))],
    }).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return text.length <= CAUSE_BYTES_MAX ? text : null;
  } catch {
    return null;
  }
}

function toFrame(line) {
  const match = /^\s+at (?:(.*) \()?(.*?):(\d+):\d+\)?$/.exec(line);
  return match ? { path: match[2], line: Number(match[3]), label: match[1] || 'anonymous' } :
    { path: line.trim().slice(3), line: 0, label: 'anonymous' };
}

module.exports = {
  ImportModuleError, HandlerNotFound, MalformedHandlerName, UserCodeSyntaxError, CallbackHandlerDeprecated, MalformedStreamingHandler,
  InvalidStreamingOperation, NodejsExit, UnhandledPromiseRejection,
  asError, toFailure, toLogText,
};
