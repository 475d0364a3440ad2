// Runs a Node.js function written for AWS Lambda: asks the Lambda Runtime API for events and hands them to the handler.
// Used where AWS's own runtime interface client is not installed.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const { env } = process;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';

// A request to the Runtime API. When that is gone so is Pinwheel, and nobody waits for this process any more.
function ask(method, where, body, headers = {}) {
  return new Promise((resolve) => {
    const gone = () => process.exit(1);
    if (body !== undefined) headers['Content-Length'] = Buffer.byteLength(body);
    const request = http.request({ agent, host, port, method, path: `/2018-06-01/runtime/${where}`, headers }, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('error', gone);
      reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(parts) }));
    });
    request.on('error', gone);
    request.end(body);
  });
}

// An error as Lambda describes it.
function described(error) {
  if (error instanceof Error || Object.prototype.toString.call(error) === '[object Error]') {
    const trace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
    return { errorType: error.name, errorMessage: error.message, trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function report(where, error) {
  const shape = described(error);
  return ask('POST', where, JSON.stringify(shape), { 'Content-Type': 'application/json', [ERROR_TYPE]: shape.errorType });
}

class RuntimeError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = `Runtime.${kind}`;
  }
}

// The file that a handler such as `src/index.handler` is in.
function fileOf(module) {
  const start = path.resolve(env.LAMBDA_TASK_ROOT, module);
  const found = ['', '.js', '.mjs', '.cjs'].map((end) => start + end).find((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile());
  if (found) return found;
  try {
    return createRequire(path.join(env.LAMBDA_TASK_ROOT, 'x.js')).resolve(start);
  } catch {
    throw new RuntimeError('ImportModuleError', `Error: Cannot find module '${path.basename(module)}'`);
  }
}

async function load(text) {
  const [, folder, module, name] = text.match(/^(.*\/)?([^./][^./]*)\.(.+)$/) ?? [];
  if (!name) throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  let loaded;
  try {
    loaded = await import(pathToFileURL(fileOf((folder ?? '') + module)));
  } catch (error) {
    if (error instanceof SyntaxError) {
      // The first line of the stack is the place, such as `/srv/hooks/index.js:3`, if the parser told one.
      const [place] = (error.stack ?? '').split('\n');
      throw new RuntimeError('UserCodeSyntaxError', /:\d+$/.test(place) ? `${error} at ${place}` : String(error));
    }
    if (/MODULE_NOT_FOUND$/.test(error?.code ?? '')) throw new RuntimeError('ImportModuleError', String(error));
    throw error;
  }
  const within = (from) => name.split('.').reduce((at, part) => at?.[part], from);
  const handler = within(loaded) ?? within(loaded.default);
  if (handler === undefined) throw new RuntimeError('HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof handler !== 'function') throw new RuntimeError('HandlerNotFound', `${text} is not a function`);
  return handler;
}

// The event under way.
let current = null;

for (const [name, level] of Object.entries({ trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' })) {
  console[name] = (...values) => {
    process.stdout.write(`${new Date().toISOString()}\t${current?.id ?? 'undefined'}\t${level}\t${format(...values)}\n`);
  };
}

// Runs the handler. Settles with what it returns or gives to its callback, whichever comes first.
function invoke(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      awsRequestId: current.id,
      getRemainingTimeInMillis: () => Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
      done: (error, result) => callback(error, result),
      succeed: (result) => callback(null, result),
      fail: (error) => callback(error ?? new Error('handled')),
    };
    // Nothing is left to do: an answer that waited for this is due, and one that never came is null.
    current.idle = () => resolve(null);
    const callback = (error, result) => {
      const settle = () => (error === null || error === undefined ? resolve(result) : reject(error));
      if (context.callbackWaitsForEmptyEventLoop) current.idle = settle;
      else settle();
    };
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
  });
}

process.on('beforeExit', () => current?.idle?.());
for (const [kind, code] of [['uncaughtException', 129], ['unhandledRejection', 128]]) {
  process.on(kind, async (error) => {
    console.error(kind === 'uncaughtException' ? 'Uncaught Exception' : 'Unhandled Promise Rejection', error);
    if (kind === 'unhandledRejection') {
      const { errorMessage } = described(error);
      error = new RuntimeError('UnhandledPromiseRejection', errorMessage);
    }
    await report(current ? `invocation/${current.id}/error` : 'init/error', error);
    process.exit(code);
  });
}

async function main() {
  let handler;
  try {
    handler = await load(env._HANDLER);
  } catch (error) {
    console.error('Uncaught Exception', error);
    await report('init/error', error);
    process.exit(1);
  }
  for (;;) {
    const { status, headers, body } = await ask('GET', 'invocation/next');
    if (status !== 200) process.exit(1);
    current = { id: headers['lambda-runtime-aws-request-id'] };
    env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    try {
      const result = await invoke(handler, JSON.parse(body), headers);
      const answer = JSON.stringify(result === undefined ? null : result) ?? 'null';
      await ask('POST', `invocation/${current.id}/response`, answer, { 'Content-Type': 'application/json' });
    } catch (error) {
      console.error('Invoke Error', error);
      await report(`invocation/${current.id}/error`, error);
    }
    current = null;
  }
}

main();
