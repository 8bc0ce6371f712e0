'use strict';
// Streamed answers: the global `awslambda`, and the stream that a streaming handler gets as its second argument.
//
// A ResponseStream is a Writable: what is written goes to the platform at once, chunk by chunk, and the platform's back-pressure is its own.
// Its head is sent with the first write, or at the end. Life: made for one invocation; over when the last chunk has been sent, which a failure
// ends with trailers that tell the error.

const { Writable } = require('node:stream');
const { InvalidStreamingOperation, MalformedStreamingHandler } = require('./function_errors.cjs');

const DEFAULT_TYPE = 'application/octet-stream';
const HTTP_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = new Uint8Array(8);

// The marks that AWS's clients put on streaming handlers; wrappers (tracing layers) copy them.
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

class ResponseStream extends Writable {
  // `channel` is of RuntimeApi.openStream.
  constructor(channel, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this._channel = channel;
    this._contentType = DEFAULT_TYPE;
    this._isBegun = false; // something has been written by the function
    this._isOver = false; // the last chunk has been sent
    this._failure = null;
    this._onBeforeFirstWrite = undefined; // AWS's name: HttpResponseStream, and libraries like it, set it
    this.on('error', () => {}); // the invocation fails with it: see ended()
  }

  setContentType(type) {
    if (this._isBegun) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    this._contentType = String(type);
  }

  // What is neither text nor bytes is written as JSON.
  write(chunk, encoding, callback) {
    const isPlain = chunk === null || typeof chunk === 'string' || chunk instanceof Uint8Array;
    this._begin();
    return super.write(isPlain ? chunk : JSON.stringify(chunk), encoding, callback);
  }

  end(chunk, encoding, callback) {
    if (typeof chunk === 'function') return super.end(chunk);
    if (chunk !== undefined && chunk !== null) this.write(chunk, typeof encoding === 'string' ? encoding : undefined);
    return super.end(typeof encoding === 'function' ? encoding : callback);
  }

  // Resolves when the last chunk has been sent, rejects when the stream was destroyed before.
  ended() {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (this._isOver) resolve();
        else if (this.destroyed) reject(this.errored ?? new Error('Response stream is not finished.'));
      };
      this.once('finish', check);
      this.once('close', check);
      check();
    });
  }

  // Whether the platform has heard anything of this answer.
  get isVisible() {
    return this._channel.isOpen;
  }

  get isOver() {
    return this._isOver;
  }

  // Resolves when the platform has answered to a visible answer.
  get acknowledged() {
    return this._channel.acknowledged;
  }

  // Ends a visible answer with an error { text, errorType }, behind what has been written. Resolves when that has been sent.
  fail(failure) {
    this._failure = failure;
    if (this.destroyed) this._finish(() => {});
    else if (!this.writableEnded) super.end();
    return this._isOver ? Promise.resolve() : new Promise((resolve) => {
      this.once('finish', resolve);
      this.once('close', () => { // destroyed meanwhile
        this._finish(() => {});
        resolve();
      });
    });
  }

  _begin() {
    if (this._isBegun) return;
    this._isBegun = true;
    this._onBeforeFirstWrite?.((bytes) => super.write(bytes));
  }

  _write(chunk, encoding, callback) {
    this._send([chunk], callback);
  }

  _writev(chunks, callback) {
    this._send(chunks.map(({ chunk }) => chunk), callback);
  }

  _send(buffers, callback) {
    this._channel.open(this._contentType);
    this._channel.write(buffers, callback);
  }

  _final(callback) {
    this._finish(callback);
  }

  _finish(callback) {
    if (this._isOver) return callback();
    this._isOver = true;
    this._channel.open(this._contentType);
    if (!this._isBegun && this._failure === null) {
      this._isBegun = true;
      this._onBeforeFirstWrite?.((bytes) => this._channel.write([Buffer.from(bytes)], () => {})); // a response without a body has a head
    }
    return this._channel.close(this._failure, callback);
  }
}

class HttpResponseStream {
  // Puts `prelude` ({ statusCode, headers, cookies }) before what is written to `underlyingStream`, which it gives back.
  static from(underlyingStream, prelude) {
    underlyingStream.setContentType(HTTP_TYPE);
    const text = JSON.stringify(prelude);
    underlyingStream._onBeforeFirstWrite = (write) => {
      write(text);
      write(PRELUDE_END);
    };
    return underlyingStream;
  }
}

function streamifyResponse(handler, options) {
  handler[STREAMING] = 'response';
  if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
  return handler;
}

// Before the function is loaded: handlers are marked while it is.
function installGlobal() {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = { ...globalThis.awslambda, streamifyResponse, HttpResponseStream };
}

// Throws MalformedStreamingHandler for a mark that is none of AWS's.
function isStreaming(handler) {
  const mark = handler[STREAMING];
  if (!mark) return false;
  if (mark === 'response') return true;
  throw new MalformedStreamingHandler('Only response streaming is supported.');
}

function makeResponseStream(channel, handler) {
  return new ResponseStream(channel, handler[HIGH_WATER_MARK]);
}

module.exports = { installGlobal, isStreaming, makeResponseStream };
