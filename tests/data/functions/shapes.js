// Every way in which a CommonJS handler may answer.
const about = (event, context) => ({
    event,
    requestId: context.awsRequestId,
    name: context.functionName,
    arn: context.invokedFunctionArn,
    memory: context.memoryLimitInMB,
    remaining: context.getRemainingTimeInMillis(),
});

exports.callback = (event, context, callback) => callback(null, about(event, context));
exports.promise = (event, context) => Promise.resolve(about(event, context));
exports.async = async (event, context) => about(event, context);
exports.succeed = (event, context) => context.succeed(about(event, context));
exports.nested = { deep: { handler: async (event, context) => about(event, context) } };

// The callback's answer waits until timers are done, unless the context says otherwise.
exports.waits = (event, context, callback) => {
    context.callbackWaitsForEmptyEventLoop = event.waits;
    const answer = { timer: 'not yet' };
    setTimeout(() => { answer.timer = 'done'; }, 150);
    callback(null, answer);
};
exports.silent = () => {};
exports.undefined = async () => {};

exports.throws = () => { throw new RangeError('thrown'); };
exports.rejects = async () => { throw new TypeError('rejected'); };
exports.refuses = (event, context, callback) => callback(new Error('refused'));
exports.text = (event, context, callback) => callback('just text');
exports.later = () => new Promise(() => { setTimeout(() => { throw new Error('out of reach'); }, 10); });
exports.unhandled = () => new Promise(() => { Promise.reject(new Error('not caught')); });
exports.cycle = async () => { const cycle = {}; cycle.cycle = cycle; return cycle; };

exports.number = 7;
