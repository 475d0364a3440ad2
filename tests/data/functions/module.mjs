// An ES module, with a top-level await.
import { setTimeout } from 'node:timers/promises';

const ready = await setTimeout(5, 'ready');

export const handler = async (event, context) => ({ ready, event, requestId: context.awsRequestId });
