/** What a task answers across threads: there an error would keep its message only, and lose what kind it is. */
import { asColeError, ColeError, type ErrorCode } from '../base/index.js';

export type Reply<Result> =
  | { readonly result: Result }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** The default export of a worker entry, from what it does. */
export function answering<Task, Result>(run: (task: Task) => Promise<Result>): (task: Task) => Promise<Reply<Result>> {
  return async (task) => {
    try {
      return { result: await run(task) };
    } catch (error) {
      const { code, message } = asColeError(error, 'ERR_DATA');
      return { failed: { code, message } };
    }
  };
}

/** Throws what the task failed with. */
export function answerOf<Result>(reply: Reply<Result>): Result {
  if ('result' in reply) return reply.result;
  throw new ColeError(reply.failed.code, reply.failed.message);
}
