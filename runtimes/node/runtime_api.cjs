'use strict';
// HTTP/1.1 to the Runtime API over one kept-alive socket.
//
// The request for the next invocation travels in the same write as the answer to the current one. Answers come in the order of the
// requests. While an invocation runs, the socket does not keep the process alive (unref): the function's own work decides when the
// event loop is empty, which is what callbackWaitsForEmptyEventLoop asks about.
//
// Failures that leave no way on (the platform answers 5xx, refuses the next invocation, or closes) go to `onFatal(message)` once;
// nothing is delivered after that. A refused answer (413 and other 4xx) is reported through `onRefusal(status, text)` and the loop goes on.
//
// Limits: 1 MiB of response head, 256 MiB of event; beyond them onFatal.

const net = require('node:net');

const HEAD_BYTES_MAX = 1 << 20;
const EVENT_BYTES_MAX = 256 << 20;
const RECEIVE_BYTES = 1 << 16;
const VERSION_PATH = '/2018-06-01/runtime/';
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';
const TRAILER_TEXT_MAX = 16 << 10; // characters of JSON: all trailers together have to fit into 128 KiB

class RuntimeApi {
  constructor(address, { onRefusal, onFatal }) {
    const colon = address.lastIndexOf(':');
    this._host = colon < 0 ? address : address.slice(0, colon);
    this._port = colon < 0 ? 80 : Number(address.slice(colon + 1));
    this._hostLine = ` HTTP/1.1\r\nHost: ${address}\r\n`;
    this._nextRequest = `GET ${VERSION_PATH}invocation/next${this._hostLine}\r\n`;
    this._onRefusal = onRefusal;
    this._onFatal = onFatal;
    this._waiting = []; // for each request on its way: { isNext, deliver }
    this._socket = null;
    this._dead = false;
  }

  // Asks for the next invocation. deliver({ requestId, headers, body }): header names in lower case, body a string.
  next(deliver) {
    this._waiting.push({ isNext: true, deliver });
    this._write(this._nextRequest);
  }

  // Answers `invocation` with JSON text and asks for the next one.
  respondAndNext(invocation, text, deliver) {
    const post = this._post(`invocation/${encodeURIComponent(invocation.requestId)}/response`, text, invocation, '');
    this._waiting.push({ isNext: false, deliver: null }, { isNext: true, deliver });
    this._write(post + this._nextRequest);
  }

  // Reports a function error for `invocation` and asks for the next one. failure: { text, errorType, cause }.
  failAndNext(invocation, failure, deliver) {
    const post = this._failurePost(invocation, failure);
    this._waiting.push({ isNext: false, deliver: null }, { isNext: true, deliver });
    this._write(post + this._nextRequest);
  }

  // Reports a function error, or an init error when `invocation` is null, after which the process will end. acknowledged() is called
  // when the platform has it. A streamed answer that is on its way tells the failure itself.
  failLast(invocation, failure, acknowledged) {
    this._waiting.push({ isNext: false, deliver: acknowledged });
    this._write(this._failurePost(invocation, failure));
  }

  // A streamed answer to `invocation`, over the same socket: nothing else may be asked of the API before it is closed.
  openStream(invocation) {
    return new StreamChannel(this, invocation);
  }

  // Whether the event loop is kept alive by a pending answer.
  holdProcess(hold) {
    if (this._socket !== null) {
      if (hold) this._socket.ref();
      else this._socket.unref();
    }
  }

  _failurePost(invocation, { text, errorType, cause }) {
    const path = invocation ? `invocation/${encodeURIComponent(invocation.requestId)}/error` : 'init/error';
    let extra = `Lambda-Runtime-Function-Error-Type: ${headerText(errorType)}\r\n`;
    if (cause) extra += `Lambda-Runtime-Function-XRay-Error-Cause: ${cause}\r\n`;
    return this._post(path, text, invocation, extra);
  }

  _post(path, text, invocation, extra) {
    extra += invocationIdLine(invocation);
    return `POST ${VERSION_PATH}${path}${this._hostLine}Content-Type: application/json\r\nContent-Length: ` +
      `${Buffer.byteLength(text)}\r\n${extra}\r\n${text}`;
  }

  _write(text) {
    if (this._dead) return;
    if (this._socket === null) this._connect();
    this._socket.ref();
    this._socket.write(text, 'utf8');
  }

  _connect() {
    const answers = new AnswerReader((answer) => this._answered(answer), (message) => this._fatal(message));
    const socket = net.connect({
      host: this._host,
      port: this._port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(RECEIVE_BYTES),
        callback: (count, buffer) => {
          answers.push(buffer.subarray(0, count));
          return true;
        },
      },
    });
    socket.on('error', (error) => {
      if (socket === this._socket) this._fatal(`the connection broke: ${error.message}`);
    });
    socket.on('close', () => {
      if (socket === this._socket) this._fatal('the platform closed the connection');
    });
    this._socket = socket;
  }

  // Returns false when the connection ends with this answer.
  _answered(answer) {
    const request = this._waiting.shift();
    if (request === undefined) return this._fatal('an answer that nobody asked for');
    const closes = answer.headers.connection?.toLowerCase() === 'close';
    if (closes) this._reconnect();
    if (request.isNext) this._deliverNext(request, answer);
    else this._acknowledge(request, answer);
    return !closes;
  }

  _deliverNext(request, { status, headers, body }) {
    const requestId = headers['lambda-runtime-aws-request-id'];
    if (status !== 200 || !requestId) {
      this._fatal(`no next invocation: ${status} ${body.slice(0, 200)}`);
      return;
    }
    this._socket?.unref();
    request.deliver({ requestId, headers, body });
  }

  _acknowledge(request, { status, body }) {
    if (status >= 500) {
      this._fatal(`the platform failed: ${status} ${body.slice(0, 200)}`);
      return;
    }
    if (status !== 202) this._onRefusal(status, body);
    request.deliver?.();
  }

  // The platform closes after the current answer: what is still waiting was not heard and is asked again.
  _reconnect() {
    const old = this._socket;
    this._socket = null;
    old.destroy();
    if (this._waiting.length > 0) this._write(this._nextRequest);
  }

  _fatal(message) {
    if (!this._dead) {
      this._dead = true;
      this._onFatal(message);
    }
    return false;
  }
}

// One chunked answer: open(contentType), write(buffers, callback) …, close(failure, callback). Callbacks come when the kernel has the bytes.
// When the platform has refused the answer and closed, what is still written goes nowhere.
class StreamChannel {
  constructor(api, invocation) {
    this._api = api;
    this._invocation = invocation;
    this._socket = null; // once open
    this.acknowledged = new Promise((resolve) => {
      this._acknowledge = resolve;
    });
  }

  get isOpen() {
    return this._socket !== null;
  }

  // Not an error: a second call.
  open(contentType) {
    if (this.isOpen) return;
    const api = this._api;
    api._waiting.push({ isNext: false, deliver: this._acknowledge });
    api._write(`POST ${VERSION_PATH}invocation/${encodeURIComponent(this._invocation.requestId)}/response${api._hostLine}` +
      `Content-Type: ${headerText(contentType)}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n` +
      `Trailer: ${ERROR_TYPE}, ${ERROR_BODY}\r\n${invocationIdLine(this._invocation)}\r\n`);
    this._socket = api._socket;
    api.holdProcess(false); // what it is asked to write does, and the platform's answer is waited for later
  }

  write(buffers, callback) {
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    if (bytes === 0) return callback(); // an empty chunk would be the last one
    return this._send([`${bytes.toString(16)}\r\n`, ...buffers, '\r\n'], callback);
  }

  close(failure, callback) {
    if (failure === null) return this._send(['0\r\n\r\n'], callback);
    const text = failure.text.length <= TRAILER_TEXT_MAX ? failure.text :
      JSON.stringify({ errorType: failure.errorType, errorMessage: 'the error is too large to be told behind a streamed answer', trace: [] });
    const body = Buffer.from(text).toString('base64');
    return this._send([`0\r\n${ERROR_TYPE}: ${headerText(failure.errorType)}\r\n${ERROR_BODY}: ${body}\r\n\r\n`], callback);
  }

  _send(parts, callback) {
    const socket = this._socket;
    if (socket === null || socket !== this._api._socket) return callback();
    socket.cork();
    const last = parts.pop();
    for (const part of parts) socket.write(part);
    socket.write(last, () => callback()); // a broken connection is the API's affair
    socket.uncork();
    return undefined;
  }
}

// Cuts the received bytes into answers: onAnswer({ status, headers, body }) for each, in order, until it returns false.
class AnswerReader {
  constructor(onAnswer, onBroken) {
    this._onAnswer = onAnswer;
    this._onBroken = onBroken;
    this._rest = null; // bytes of an answer whose head or chunks are not complete yet
    this._body = null; // a body that is being filled: { status, headers, bytes, have }
  }

  push(bytes) {
    if (this._body !== null) bytes = this._fill(bytes);
    else if (this._rest !== null) bytes = Buffer.concat([this._rest, bytes]);
    this._rest = null;
    while (bytes !== null && bytes.length > 0) bytes = this._take(bytes);
  }

  _fill(bytes) {
    const body = this._body;
    const taken = bytes.copy(body.bytes, body.have, 0, Math.min(bytes.length, body.bytes.length - body.have));
    body.have += taken;
    if (body.have < body.bytes.length) return null;
    this._body = null;
    const goesOn = this._onAnswer({ status: body.status, headers: body.headers, body: body.bytes.utf8Slice() });
    return goesOn ? bytes.subarray(taken) : null;
  }

  // Takes one answer off the front; null when the rest has to wait for more (or nothing may follow).
  _take(bytes) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return this._wait(bytes, HEAD_BYTES_MAX);
    const head = parseHead(bytes.utf8Slice(0, end));
    if (head === null) return this._broken('not an HTTP response');
    const start = end + 4;
    if (head.status < 200) return bytes.subarray(start);
    if (/chunked/i.test(head.headers['transfer-encoding'] ?? '')) return this._takeChunked(bytes, start, head);
    const size = Number(head.headers['content-length'] ?? 0);
    if (!Number.isInteger(size) || size < 0 || size > EVENT_BYTES_MAX) return this._broken('bad content length');
    if (bytes.length - start < size) {
      this._body = { ...head, bytes: Buffer.allocUnsafe(size), have: bytes.length - start };
      bytes.copy(this._body.bytes, 0, start);
      return null;
    }
    const goesOn = this._onAnswer({ ...head, body: bytes.utf8Slice(start, start + size) });
    return goesOn ? bytes.subarray(start + size) : null;
  }

  _takeChunked(bytes, start, head) {
    const chunks = [];
    let at = start;
    for (;;) {
      const lineEnd = bytes.indexOf('\r\n', at);
      if (lineEnd < 0) return this._wait(bytes, EVENT_BYTES_MAX);
      const line = bytes.latin1Slice(at, lineEnd);
      if (!/^[0-9a-f]{1,8}\s*(;|$)/i.test(line)) return this._broken('bad chunk');
      const size = parseInt(line, 16);
      if (size === 0) break;
      at = lineEnd + 2 + size + 2;
      if (at > bytes.length) return this._wait(bytes, EVENT_BYTES_MAX);
      chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    }
    const lastLine = bytes.indexOf('\r\n', at);
    const end = bytes.indexOf('\r\n\r\n', lastLine); // the empty line after the trailers, or after the last chunk
    if (end < 0) return this._wait(bytes, EVENT_BYTES_MAX);
    const goesOn = this._onAnswer({ ...head, body: Buffer.concat(chunks).utf8Slice() });
    return goesOn ? bytes.subarray(end + 4) : null;
  }

  _wait(bytes, bytesMax) {
    if (bytes.length > bytesMax) return this._broken('answer too large');
    this._rest = Buffer.from(bytes); // the receive buffer is used again
    return null;
  }

  _broken(message) {
    this._onBroken(message);
    return null;
  }
}

function parseHead(text) {
  const lines = text.split('\r\n');
  const start = /^HTTP\/1\.\d (\d{3})( |$)/.exec(lines[0]);
  if (start === null) return null;
  const headers = Object.create(null);
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index];
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(start[1]), headers };
}

function invocationIdLine(invocation) {
  const invocationId = invocation?.headers['lambda-runtime-invocation-id'];
  return invocationId ? `Lambda-Runtime-Invocation-Id: ${invocationId}\r\n` : '';
}

function headerText(text) {
  return String(text).slice(0, 256).replace(/[^\x20-\x7e]/g, '?');
}

module.exports = { RuntimeApi, AnswerReader };
