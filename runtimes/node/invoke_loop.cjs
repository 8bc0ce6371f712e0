'use strict';
// The life of one execution environment: load the handler, then invoke it for each event until the platform ends.
//
// One invocation at a time. It ends once: by the handler's promise, by the callback or the context's methods, or (older generation)
// when the event loop has become empty without any of these; whatever comes later for it is ignored. An empty event loop under a promise
// that is not settled ends the process: nothing can settle it any more.

const { hasCallbacks, tellsUnsettledPromises } = require('./generation.cjs');
const { NodejsExit, UnhandledPromiseRejection, toFailure } = require('./function_errors.cjs');
const { logError, patchConsole, setCurrentInvocation } = require('./function_logs.cjs');
const { load } = require('./handler_loader.cjs');
const { makeContext } = require('./lambda_context.cjs');
const { installGlobal, isStreaming, makeResponseStream } = require('./response_stream.cjs');
const { RuntimeApi } = require('./runtime_api.cjs');

const EXIT_INIT_FAILED = 1;
const EXIT_UNSETTLED_PROMISE = 13; // Node's own code for a top-level await
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

// Exit codes: 129 uncaught exception, 128 unhandled rejection, 13 a promise that cannot be settled any more, 1 the platform is gone (or,
// newer generation, the function cannot be loaded).
async function run() {
  patchConsole();
  installGlobal();
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API, { onRefusal: logRefusal, onFatal: exitWithoutPlatform });
  const loop = new InvokeLoop(api);
  process.on('uncaughtException', (error) => loop.crash('Uncaught Exception', error, EXIT_UNCAUGHT_EXCEPTION));
  process.on('unhandledRejection', (reason, promise) => {
    loop.crash('Unhandled Promise Rejection', new UnhandledPromiseRejection(reason, promise), EXIT_UNHANDLED_REJECTION);
  });
  process.on('beforeExit', () => loop.eventLoopIsEmpty());
  try {
    loop.setHandler(await load(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), process.env._HANDLER ?? ''));
  } catch (error) {
    if (hasCallbacks) loop.crash('Uncaught Exception', error, EXIT_UNCAUGHT_EXCEPTION);
    else loop.crash('Init Error', error, EXIT_INIT_FAILED);
    return;
  }
  loop.start();
}

class InvokeLoop {
  constructor(api) {
    this._handler = null;
    this._isStreaming = false;
    this._stream = null; // of the invocation that runs, when its handler streams
    this._api = api;
    this._invocation = null; // the one that runs; null during Init and while waiting for an event
    this._isLoaded = false;
    this._isCrashing = false;
    this._whenEmpty = null; // what to do when the event loop becomes empty
    this._expectSettlement(); // of the promise of the function's module
    // Not inside the socket's callback: what a handler enters (AsyncLocalStorage) must not stick to the socket.
    this._begin = (invocation) => setImmediate(() => this._invoke(invocation));
  }

  setHandler(handler) {
    this._handler = handler;
    this._isStreaming = isStreaming(handler);
  }

  start() {
    setImmediate(() => { // a rejection that nobody caught while the function was loaded still belongs to Init
      if (this._isCrashing) return;
      this._isLoaded = true;
      this._whenEmpty = null;
      this._api.next(this._begin);
    });
  }

  _invoke(invocation) {
    this._invocation = invocation;
    const completion = new Completion(this, invocation);
    setCurrentInvocation(invocation.requestId, invocation.headers['lambda-runtime-aws-tenant-id']);
    setTraceId(invocation.headers['lambda-runtime-trace-id']);
    if (this._isStreaming) {
      this._invokeStreaming(invocation);
      return;
    }
    this._whenEmpty = hasCallbacks ? () => this.succeed(invocation, null) : null;
    try {
      const context = makeContext(invocation, completion.methods);
      const event = JSON.parse(invocation.body);
      const result = hasCallbacks ? this._handler(event, context, completion.callback) : this._handler(event, context);
      if (typeof result?.then === 'function') {
        if (!completion.isCalled) this._expectSettlement();
        result.then(completion.methods.succeed, completion.methods.fail);
      } else if (!hasCallbacks) {
        completion.methods.succeed(result);
      }
    } catch (error) {
      if (hasCallbacks) completion.callback(error);
      else completion.methods.fail(error);
    }
  }

  // The invocation is over when the handler's promise is settled and the stream has ended, whichever comes last.
  async _invokeStreaming(invocation) {
    const stream = makeResponseStream(this._api.openStream(invocation), this._handler);
    this._stream = stream;
    try {
      const context = makeContext(invocation, {});
      const result = this._handler(JSON.parse(invocation.body), stream, context);
      if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
      this._expectSettlement();
      if (await result !== undefined) console.warn('Streaming handlers ignore return values.');
      this._whenEmpty = null;
      this._api.holdProcess(true);
      await stream.ended();
    } catch (error) {
      if (!this._isCurrent(invocation)) return;
      this._whenEmpty = null;
      this._api.holdProcess(true);
      if (!stream.isVisible) {
        this.fail(invocation, error);
        return;
      }
      logError('Invoke Error', error);
      if (!stream.isOver) await stream.fail(toFailure(error));
    }
    if (!this._isCurrent(invocation)) return;
    this._end();
    this._api.next(this._begin);
  }

  // Ends `invocation` with a result, unless it has ended.
  succeed(invocation, result) {
    if (!this._isCurrent(invocation)) return;
    let text;
    try {
      text = JSON.stringify(result === undefined ? null : result);
    } catch { // circular, BigInt, a toJSON that throws
      text = undefined;
    }
    if (text === undefined) {
      this.fail(invocation, unstringifiable());
      return;
    }
    this._end();
    this._api.respondAndNext(invocation, text, this._begin);
  }

  // Ends `invocation` with an error, unless it has ended.
  fail(invocation, error) {
    if (!this._isCurrent(invocation)) return;
    this._end();
    logError('Invoke Error', error);
    this._api.failAndNext(invocation, toFailure(error), this._begin);
  }

  // Lets the process end when nothing is left that could settle the promise which it waits for.
  _expectSettlement() {
    if (tellsUnsettledPromises) this._whenEmpty = () => this.crash('Uncaught Exception', new NodejsExit(), EXIT_UNSETTLED_PROMISE);
  }

  // Lets `invocation` end with `result` when the event loop has nothing left to do.
  succeedWhenEmpty(invocation, result) {
    if (this._isCurrent(invocation)) this._whenEmpty = () => setImmediate(() => this.succeed(invocation, result));
  }

  eventLoopIsEmpty() {
    const action = this._whenEmpty;
    this._whenEmpty = null;
    action?.();
  }

  // Something got out of the function's hands: tell, then end the process.
  crash(title, error, code) {
    if (this._isCrashing) return;
    this._isCrashing = true;
    logError(title, error);
    this._whenEmpty = null;
    if (this._isLoaded && this._invocation === null) process.exit(code); // between invocations nobody can be told
    this._api.holdProcess(true);
    if (this._stream?.isVisible) this._failStream(error).then(() => process.exit(code));
    else this._api.failLast(this._invocation, toFailure(error), () => process.exit(code));
  }

  async _failStream(error) {
    const stream = this._stream;
    if (!stream.isOver) await stream.fail(toFailure(error));
    await stream.acknowledged;
  }

  _isCurrent(invocation) {
    return this._invocation === invocation && !this._isCrashing;
  }

  _end() {
    this._invocation = null;
    this._stream = null;
    this._whenEmpty = null;
  }
}

// The ways in which a handler can end its invocation. Only the first call counts, whichever it is.
class Completion {
  constructor(loop, invocation) {
    let isCalled = false;
    let waitsForEmptyEventLoop = true;
    this._isCalled = () => isCalled;
    const first = (action) => (...parameters) => {
      if (isCalled) return;
      isCalled = true;
      action(...parameters);
    };
    const isGiven = (error) => error !== undefined && error !== null;
    const done = (error, result) => (isGiven(error) ? loop.fail(invocation, error) : loop.succeed(invocation, result));

    this.callback = first((error, result) => {
      if (isGiven(error)) loop.fail(invocation, error);
      else if (waitsForEmptyEventLoop) loop.succeedWhenEmpty(invocation, result);
      else loop.succeed(invocation, result);
    });
    this.methods = {
      get callbackWaitsForEmptyEventLoop() {
        return waitsForEmptyEventLoop;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waitsForEmptyEventLoop = value;
      },
      succeed: first((result) => loop.succeed(invocation, result)),
      fail: first((error) => loop.fail(invocation, hasCallbacks && !isGiven(error) ? 'handled' : error)),
      done: first(done),
    };
  }

  // By the function, or by its promise.
  get isCalled() {
    return this._isCalled();
  }
}

function unstringifiable() {
  const error = new Error('Unable to stringify response body');
  if (!hasCallbacks) error.name = 'Runtime.JSONStringifyError';
  return error;
}

function setTraceId(traceId) {
  if (traceId) process.env._X_AMZN_TRACE_ID = traceId;
  else delete process.env._X_AMZN_TRACE_ID;
}

function logRefusal(status, text) {
  process.stderr.write(`LAMBDA_RUNTIME Failed to post handler response. Http response code: ${status}. ${text.slice(0, 500)}\n`);
}

function exitWithoutPlatform(message) {
  process.stderr.write(`LAMBDA_RUNTIME ${message}\n`);
  process.exit(1);
}

module.exports = { run };
