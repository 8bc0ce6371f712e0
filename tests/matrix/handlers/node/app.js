// What every family's handler does: the event's "do" says it. CommonJS, since both clients load that.
const fs = require('node:fs');
const { once } = require('node:events');

class Refused extends RangeError {
  constructor(message) {
    super(message);
    this.name = 'Refused';
  }
}

const tell = (context) => ({
  request_id: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName, version: context.functionVersion,
  memory: Number(context.memoryLimitInMB), group: context.logGroupName, stream: context.logStreamName,
  remaining: context.getRemainingTimeInMillis(), client: context.clientContext?.custom ?? context.clientContext?.Custom ?? null,
  trace: process.env._X_AMZN_TRACE_ID,
});

function eat() {
  const kept = [];
  for (;;) kept.push(Buffer.alloc(1 << 20, 'x'));
}

exports.handler = async (event, context) => {
  switch (event.do) {
    case 'echo': return event;
    case 'context': return tell(context);
    case 'environment': return { ...process.env };
    case 'async':
      await new Promise((done) => setTimeout(done, 10));
      return { doubled: 2 * event.number };
    case 'unended':
      process.stdout.write("no line's end");
      return null;
    case 'print':
      console.log('a printed line');
      return null;
    case 'error': throw new Refused('as asked');
    case 'crash':
      process.kill(process.pid, 'SIGSEGV');
      return new Promise(() => setTimeout(() => {}, 60000));
    case 'exit': process.exit(3); break;
    case 'sleep': return new Promise((done) => setTimeout(done, 60000));
    case 'memory': return eat();
    case 'large': return 'x'.repeat(event.size);
    case 'layer': return { library: require('layered').NAME, file: fs.readFileSync('/opt/layer.txt', 'utf8') };
    default: throw new Refused(JSON.stringify(event));
  }
};

// Pieces of 1 MiB, each of its own letter, and an error behind them if the event wants one.
exports.streaming = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'Content-Type': 'text/letters' } });
  for (let number = 0; number < event.pieces; number += 1) {
    if (!stream.write(String.fromCharCode(97 + number).repeat(1 << 20))) await once(stream, 'drain');
  }
  if (event.fail) throw new Refused('as asked');
  stream.end();
});
