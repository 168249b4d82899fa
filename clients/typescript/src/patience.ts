// Requests that wait for a busy service as long as it asks.

const BUSY = new Set([429, 503]);
const TRIES = 4;

/** A `fetch` that asks a busy service again when it says, if that is within some seconds. */
export function patient(seconds: number): (request: Request) => Promise<Response> {
  return async (request) => {
    for (let left = TRIES - 1; ; left -= 1) {
      const response = await fetch(left ? request.clone() : request);
      const pause = pauseOf(response);
      if (!BUSY.has(response.status) || !left || pause > seconds) return response;
      await response.body?.cancel();
      await new Promise((wake) => setTimeout(wake, 1000 * pause));
    }
  };
}

/** Seconds that an answer asks to wait: a number or a date (RFC 9110), 1 where it says neither. */
export function pauseOf(response: Response): number {
  const said = response.headers.get("Retry-After") ?? "";
  if (/^\d+$/.test(said)) return Number(said);
  const until = Date.parse(said);
  return Number.isNaN(until) ? 1 : Math.max(0, (until - Date.now()) / 1000);
}
