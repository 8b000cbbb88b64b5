/** Waiting that an abort signal ends. */

/**
 * What is waited for, unless the signal is aborted before: then it rejects with the signal's reason, `graceMs` milliseconds later, so
 * that work which heeds the signal can end by itself and tell its own error.
 */
export async function orAborted<T>(work: T | PromiseLike<T>, signal: AbortSignal | undefined, graceMs = 0): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    if (graceMs === 0) reject(signal.reason);
    else timer = setTimeout(() => reject(signal.reason), graceMs);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
