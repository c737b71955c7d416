// @ts-check
/**
 * The part of phone verification that every front end writes again: tidying what people type,
 * asking for a code and checking it without ever sending two messages for one tap, countdowns
 * that a wrong clock does not disturb, and reading the code out of the message where a browser can.
 *
 * It is one module without dependencies, for browsers and for Node 20 and later. Copy it, or import it.
 *
 *   import { createClient, tidyCode } from './otp.js';
 *
 *   const otp = createClient({ baseUrl: 'https://api.example.com' });
 *   const sent = await otp.send({ phoneNumber: '+14155552671' });
 *   if (sent.ok) {
 *     const checked = await otp.verify({
 *       phoneNumber: '+14155552671', verificationId: sent.verificationId, pin: tidyCode(field.value),
 *     });
 *     if (checked.ok) signIn(checked.proof);
 *   }
 *
 * Nothing here throws for what a server or a network does: every outcome is a result. Errors are for
 * programming mistakes, and for a signal that was aborted.
 * @module
 */

// --- What people type ---------------------------------------------------------------------

/** Marks that nobody sees: they come along with a copied number. */
const invisible = /[\p{Cf}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0]/gu;

/** What people put between digits: spaces of every kind, dashes, dots, brackets, slashes. */
const separators = /[\s\p{Zs}\p{Pd}.()[\]/\u00b7\u2010-\u2015\u2212\uff0e\uff08\uff09\uff0f]/gu;

/**
 * Writes the digits of every script as ASCII: ٣ and ３ become 3.
 * @param {string} text
 */
function asciiDigits(text) {
  return text.replace(/\p{Nd}/gu, (digit) => {
    // The digits of a script stand together, from nought to nine; those of mathematics in five such rows.
    const code = /** @type {number} */ (digit.codePointAt(0));
    let nought = code;
    while (nought > 0 && /\p{Nd}/u.test(String.fromCodePoint(nought - 1))) nought--;
    return String((code - nought) % 10);
  });
}

/**
 * Strips from a phone number what is there for the eye alone: spaces, dashes, dots, brackets, invisible marks.
 * Digits of other scripts become ASCII. It guesses no country and takes no letter away: `0664 123456` becomes
 * `0664123456`, `+43 (0)664 1` becomes `+4306641`, and whether that is a number is for the server to say.
 * @param {string} text what a person typed or pasted
 * @returns {string}
 */
export function tidyNumber(text) {
  return asciiDigits(text).replace(invisible, '').replace(separators, '').replace(/^[\uff0b\ufe62\u207a]/u, '+');
}

/**
 * Makes a code of what a person typed or pasted: `123 456`, `١٢٣٤٥٦` and a whole message with one code of
 * that length in it become `123456`. What has no such code comes back without separators, for the
 * server to refuse.
 * @param {string} text
 * @param {number} [length] how many digits a code has
 * @returns {string}
 */
export function tidyCode(text, length = 6) {
  const plain = asciiDigits(text).replace(invisible, '');
  const bare = plain.replace(separators, '');
  if (/^\d*$/.test(bare)) return bare;
  // In a message, a code stands alone or in groups (`123 456`), and it may stand there twice: once for the person, once
  // for the browser.
  for (const runs of [/\d+/g, /\d(?:[\s\p{Pd}]?\d)*/gu]) {
    const found = new Set(plain.match(runs)?.map((run) => run.replace(/\D/g, '')).filter((run) => run.length === length));
    if (found.size === 1) return [...found][0];
  }
  return bare;
}

// --- Time that runs down ------------------------------------------------------------------

/**
 * Writes seconds as a person reads them: `0:29`, `10:00`, `1:00:00`.
 * @param {number} seconds
 * @returns {string}
 */
export function formatSeconds(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${hours > 0 ? two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/**
 * A span of time that began when the answer came. It asks a monotonic clock, so a wall clock that is wrong, or is put
 * right meanwhile, changes nothing. (Some browsers' monotonic clock stands while the machine sleeps: the server
 * has the last word on what has run out.)
 */
export class Countdown {
  #end;
  #now;

  /**
   * @param {number} seconds
   * @param {() => number} [now] a monotonic clock in milliseconds
   */
  constructor(seconds, now = () => performance.now()) {
    this.#now = now;
    this.#end = now() + seconds * 1000;
  }

  /** Whole seconds that are left, rounded up; 0 once it is over. */
  get left() {
    return Math.max(0, Math.ceil((this.#end - this.#now()) / 1000));
  }

  /** Whether it has run down. */
  get over() {
    return this.left === 0;
  }

  /**
   * Tells the seconds that are left: now, at each whole second, and 0 at the end. Show them; do not announce
   * each of them to a screen reader.
   * @param {(left: number) => void} tell
   * @returns {() => void} ends it sooner
   */
  each(tell) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const step = () => {
      const left = this.left;
      // At the next whole second, but look again within one: the clock may have been moved.
      if (left > 0) timer = setTimeout(step, Math.min(1000, Math.max(20, this.#end - this.#now() - (left - 1) * 1000)));
      tell(left);
    };
    step();
    return () => clearTimeout(timer);
  }
}

// --- The code, read out of the message -----------------------------------------------------

/**
 * Waits for the code of an SMS that ends with `@your.host #123456` (WebOTP). It comes to nothing where the browser
 * cannot do that, where the person says no, and when the signal is aborted: keep the field with
 * `autocomplete="one-time-code"`, which is the fallback everywhere, and abort when the person types.
 * @param {{ signal?: AbortSignal, length?: number }} [options]
 * @returns {Promise<string | null>}
 */
export async function receiveCode({ signal, length = 6 } = {}) {
  if (!('OTPCredential' in globalThis) || !navigator.credentials) return null;
  try {
    const request = /** @type {CredentialRequestOptions} */ ({ otp: { transport: ['sms'] }, signal });
    const received = /** @type {{ code?: string } | null} */ (await navigator.credentials.get(request));
    return received?.code ? tidyCode(received.code, length) : null;
  } catch {
    return null;
  }
}

// --- The service ---------------------------------------------------------------------------

/**
 * Every code that the service refuses with.
 * @type {ReadonlyArray<ServiceCode>}
 */
export const codes = Object.freeze(/** @type {const} */ ([
  'body_invalid', 'field_unknown', 'field_type', 'phone_number_required', 'phone_number_invalid', 'phone_number_unassigned',
  'phone_number_and_pin_required', 'email_and_pin_required', 'pin_invalid', 'verification_id_required',
  'verification_id_invalid', 'channel_unknown', 'channel_not_allowed', 'region_not_allowed', 'line_type_not_allowed',
  'idempotency_key_invalid', 'idempotency_key_in_use', 'idempotency_key_reused', 'idempotency_key_expired',
  'invalid_or_expired', 'nonce_invalid', 'client_address_required', 'origin_refused', 'challenge_required', 'email_required',
  'email_invalid', 'recipient_ambiguous', 'channel_mismatch', 'locale_invalid', 'not_found', 'method_not_allowed',
  'body_too_large', 'content_type_unsupported', 'address_limited', 'number_limited', 'too_soon', 'traffic_limited',
  'budget_exhausted', 'provider_throttled', 'busy', 'send_failed', 'send_unconfirmed', 'verify_failed', 'proof_failed',
  'unavailable', 'internal',
]));

/**
 * The codes that come with a wait. The request had no effect; it may be made again once `wait` is over.
 * @typedef {'address_limited' | 'number_limited' | 'too_soon' | 'traffic_limited' | 'budget_exhausted' |
 *   'provider_throttled' | 'busy' | 'unavailable'} WaitCode
 */
/**
 * The codes for a mistake in the request: another one is needed, not a repeat.
 * @typedef {'body_invalid' | 'field_unknown' | 'field_type' | 'phone_number_required' | 'phone_number_invalid' |
 *   'phone_number_unassigned' | 'phone_number_and_pin_required' | 'email_and_pin_required' | 'pin_invalid' |
 *   'verification_id_required' | 'verification_id_invalid' | 'channel_unknown' | 'channel_not_allowed' |
 *   'region_not_allowed' | 'line_type_not_allowed' | 'idempotency_key_invalid' | 'idempotency_key_reused' |
 *   'idempotency_key_expired' | 'nonce_invalid' | 'client_address_required' | 'origin_refused' | 'email_required' |
 *   'email_invalid' | 'recipient_ambiguous' | 'channel_mismatch' | 'locale_invalid' | 'not_found' |
 *   'method_not_allowed' | 'body_too_large' | 'content_type_unsupported'} MistakeCode
 */
/**
 * The codes for what went wrong on the other side, after which there may or may not be an effect.
 *
 * - `send_failed`: no message went out. Ask again, as a new request.
 * - `send_unconfirmed`: one may have gone out. Wait for it, and offer another when `wait` is over.
 * - `verify_failed`: nobody knows whether the code was right. Verify anew, which costs another try.
 * - `proof_failed`: the code was right, and its proof could not be made. `again()` gets it.
 * - `internal`: a defect of the service.
 * @typedef {'send_failed' | 'send_unconfirmed' | 'verify_failed' | 'proof_failed' | 'internal'} FailureCode
 */
/** @typedef {WaitCode | MistakeCode | FailureCode | 'invalid_or_expired' | 'challenge_required' | 'idempotency_key_in_use'} ServiceCode */

/**
 * What every refusal has.
 * @template S what the request would have succeeded with
 * @typedef {object} Refused
 * @property {false} ok
 * @property {number} status the HTTP status; 0 where no answer came
 * @property {string} sentence the server's, in English, for logs; empty where no answer came
 * @property {number} [retryAfter] seconds from when the answer came
 * @property {Countdown} [wait] runs down from `retryAfter`
 * @property {(more?: { challengeToken?: string, signal?: AbortSignal }) => Promise<S | Refusal<S>>} again the same request, under the same
 *   Idempotency-Key: what has happened already does not happen twice
 */

/**
 * Why a request did not succeed. Switch on `code`.
 *
 * Three codes are this module's own: `no_answer` (offline, a lost answer, or one that took too long: the request may have
 * had its effect, and `again()` finds out safely), `foreign_answer` (something before the service answered,
 * such as API Gateway's own throttle, which has no code) and `unknown_code` (the service is newer than this module and
 * refused with a `word` that this does not know).
 * @template S
 * @typedef {Refused<S> & (
 *   { code: WaitCode, retryAfter: number, wait: Countdown } |
 *   { code: MistakeCode | FailureCode | 'challenge_required' | 'idempotency_key_in_use' | 'no_answer' | 'foreign_answer' } |
 *   { code: 'unknown_code', word: string } |
 *   { code: 'invalid_or_expired', attemptsRemaining?: number, state?: CodeState }
 * )} Refusal
 */

/**
 * What has become of a code that was refused, for who named its `verificationId`: `wrong` (try again), `expired`,
 * `locked` (no tries left) or `used`.
 * @typedef {'wrong' | 'expired' | 'locked' | 'used'} CodeState
 */

/**
 * A code is on its way.
 * @typedef {object} Sent
 * @property {true} ok
 * @property {string} verificationId names it: keep it for `verify` and `resend`
 * @property {Countdown} expires the code's life
 * @property {Countdown} resend until another may be asked for
 */
/**
 * The number is the person's.
 * @typedef {object} Verified
 * @property {true} ok
 * @property {string} [proof] a signed token for your backend, where the service issues them
 */
/** @typedef {Sent | Refusal<Sent>} SendResult */
/** @typedef {Verified | Refusal<Verified>} VerifyResult */

/** @typedef {{ phoneNumber: string, email?: undefined } | { email: string, phoneNumber?: undefined }} Recipient */
/** @typedef {'sms' | 'voice' | 'email'} Channel */
/** @typedef {Recipient & { channel?: Channel, locale?: string, challengeToken?: string }} SendRequest */
/** @typedef {Recipient & { verificationId: string, channel?: Channel, challengeToken?: string }} ResendRequest */
/** @typedef {Recipient & { pin: string, verificationId?: string, nonce?: string }} VerifyRequest */

/**
 * @typedef {object} RequestOptions
 * @property {AbortSignal} [signal] ends the request and its repeats; the promise is then rejected with its reason
 * @property {string} [idempotencyKey] of an earlier request that is to be continued, after a reload for example. It must be
 *   unguessable. Default: a random UUID, new for every call
 */

/**
 * @typedef {object} ClientOptions
 * @property {string} baseUrl of the service
 * @property {string} [locale] language of the messages, as a tag such as pt-BR; empty for the service's own. What a send
 *   names goes before it, empty or not. Default: navigator.language
 * @property {number} [timeout] milliseconds that one request may take. Default: 25,000, since a function may take 20 s
 * @property {number} [patience] the longest wait, in seconds, that is waited for instead of told. Default: 3, the pause that Infobip wants between checks
 * @property {number} [repeats] how often a request is repeated whose answer was lost. Default: 2
 * @property {typeof globalThis.fetch} [fetch]
 * @property {() => number} [now] a monotonic clock in milliseconds. Default: performance.now
 * @property {(milliseconds: number, signal?: AbortSignal) => Promise<void>} [sleep]
 */

/**
 * One HTTP answer.
 * @typedef {{ status: number, members: Record<string, unknown>, retryAfter?: number }} Answer
 */

/** The pauses before a request is repeated whose answer was lost, in seconds. */
const backoff = [0.5, 1.5, 3];

/**
 * The pauses before one is repeated whose twin is still running. Its `retryAfter` is when that must have ended at the latest;
 * mostly it has much sooner. They grow, because each repeat counts against the limit of the client's address.
 */
const backoffRunning = [1, 2, 4, 8];

/** How long a twin that is still running is waited for, in seconds: longer than a function may take. */
const longestRun = 30;

/**
 * Makes a client of the service.
 *
 * Each call is one intention and has one Idempotency-Key. A repeat under it, by this client or by `again()`, causes no
 * second message, and after a success whose answer was lost it gets that success. What is repeated by itself: a
 * request without an answer, one that something before the service answered with 429 or 5xx, one whose twin is
 * still running (409), a proof that could not be signed, and one that is told to wait for at most `patience`
 * seconds. Nothing else: the service answers all of that the same way under its key.
 * @param {ClientOptions} options
 */
export function createClient({
  baseUrl, locale, timeout = 25_000, patience = 3, repeats = 2, now = () => performance.now(),
  fetch = (...request) => globalThis.fetch(...request), sleep = pause,
}) {
  const base = baseUrl.replace(/\/+$/, '');

  /**
   * @template {{ ok: true }} S
   * @param {string} path
   * @param {object} body
   * @param {RequestOptions} options
   * @param {(members: Record<string, unknown>) => S} succeed
   * @returns {Promise<S | Refusal<S>>}
   */
  async function request(path, body, { signal, idempotencyKey = crypto.randomUUID() }, succeed) {
    const answer = await untilDecided(path, JSON.stringify(body), idempotencyKey, signal);
    if (answer?.status === 200) return succeed(answer.members);
    const repeat = (/** @type {{ challengeToken?: string, signal?: AbortSignal }} */ { challengeToken, signal } = {}) =>
      request(path, challengeToken === undefined ? body : { ...body, challengeToken }, { signal, idempotencyKey }, succeed);
    return refusalOf(answer, repeat, now);
  }

  /**
   * @param {string} path
   * @param {string} body
   * @param {string} key
   * @param {AbortSignal} [signal]
   */
  async function untilDecided(path, body, key, signal) {
    let repeated = 0;
    let waitedFor = 0;
    for (let running = 0; ;) {
      const answer = await once(path, body, key, signal);
      let wait;
      if (answer?.members.code === 'idempotency_key_in_use') {
        if (waitedFor >= longestRun) return answer;
        wait = Math.min(backoffRunning[Math.min(running++, backoffRunning.length - 1)], answer.retryAfter || Infinity);
        waitedFor += wait;
      } else {
        wait = secondsToRepeat(answer, repeated++, patience);
        if (wait === undefined || repeated > repeats) return answer;
      }
      await sleep(wait * 1000, signal);
    }
  }

  /**
   * @param {string} path
   * @param {string} body
   * @param {string} key
   * @param {AbortSignal} [signal]
   * @returns {Promise<Answer | undefined>} nothing where no answer came
   */
  async function once(path, body, key, signal) {
    signal?.throwIfAborted();
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, timeout);
    signal?.addEventListener('abort', end);
    try {
      const response = await fetch(base + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body,
        signal: ending.signal,
      });
      const text = await response.text();
      const members = parseObject(text);
      const retryAfter = Number(members.retryAfter ?? response.headers.get('Retry-After') ?? NaN);
      // A success that is cut short is no success, and no refusal either.
      if (response.status === 200 && typeof members.message !== 'string') return undefined;
      return { status: response.status, members, retryAfter: retryAfter >= 0 ? retryAfter : undefined };
    } catch {
      signal?.throwIfAborted();
      return undefined;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }

  return {
    /**
     * Asks for a code.
     * @param {SendRequest} body
     * @param {RequestOptions} [options]
     * @returns {Promise<SendResult>}
     */
    send: async (body, options = {}) => {
      const ask = (/** @type {SendRequest} */ asked) => request('/send-otp', asked, options, (members) => sentOf(members, now));
      const { locale: named, ...plain } = body; // the service takes an empty one for a mistake
      const language = named ?? locale ?? globalThis.navigator?.language;
      if (!language) return ask(plain);
      const sent = await ask({ ...plain, locale: language });
      // A browser may call its language what it likes. Nothing came of that request, so its key is free.
      return !named && !sent.ok && sent.code === 'locale_invalid' ? ask(plain) : sent;
    },

    /**
     * Has the same code delivered again; it lives no longer for it.
     * @param {ResendRequest} body
     * @param {RequestOptions} [options]
     * @returns {Promise<SendResult>}
     */
    resend: (body, options = {}) => request('/resend-otp', body, options, (members) => sentOf(members, now)),

    /**
     * Checks a code. Name the `verificationId`: the code then works for this request alone, and a refusal says what has
     * become of it.
     * @param {VerifyRequest} body
     * @param {RequestOptions} [options]
     * @returns {Promise<VerifyResult>}
     */
    verify: (body, options = {}) => request('/verify-otp', body, options, (members) => (
      /** @type {Verified} */ (typeof members.proof === 'string' ? { ok: true, proof: members.proof } : { ok: true }))),
  };
}

/** @typedef {ReturnType<typeof createClient>} Client */

/**
 * Says how many seconds to wait before a request is repeated by itself; nothing if it is not.
 * @param {Answer | undefined} answer
 * @param {number} repeated
 * @param {number} patience
 * @returns {number | undefined}
 */
function secondsToRepeat(answer, repeated, patience) {
  const next = backoff[Math.min(repeated, backoff.length - 1)];
  if (!answer) return globalThis.navigator?.onLine === false ? undefined : next;
  const { status, members, retryAfter } = answer;
  let wait;
  if (wordOf(members) === undefined) {
    wait = status === 429 || status >= 500 ? Math.max(retryAfter ?? 0, next) : undefined;
  } else if (members.code === 'proof_failed') {
    wait = next;
  } else if (status === 429 || status === 503) {
    wait = retryAfter;
  }
  return wait !== undefined && wait <= patience ? wait : undefined;
}

/**
 * @param {Answer | undefined} answer
 * @param {Refused<any>['again']} again
 * @param {() => number} now
 * @returns {Refusal<any>}
 */
function refusalOf(answer, again, now) {
  if (!answer) return { ok: false, code: 'no_answer', status: 0, sentence: '', again };
  const { status, members, retryAfter } = answer;
  const { code, error, message, attemptsRemaining, state } = members;
  const word = wordOf(members);
  const sentence = [error, message].find((text) => typeof text === 'string') ?? '';
  const wait = retryAfter === undefined ? {} : { retryAfter, wait: new Countdown(retryAfter, now) };
  return /** @type {Refusal<any>} */ ({
    ok: false,
    ...(isCode(code) ? { code } : word === undefined ? { code: 'foreign_answer' } : { code: 'unknown_code', word }),
    status,
    sentence,
    ...wait,
    // Without a wait that was promised, one that does no harm.
    ...(retryAfter === undefined && (status === 429 || status === 503) ? { retryAfter: 5, wait: new Countdown(5, now) } : {}),
    ...(typeof attemptsRemaining === 'number' ? { attemptsRemaining } : {}),
    ...(typeof state === 'string' ? { state } : {}),
    again,
  });
}

/**
 * @param {Record<string, unknown>} members
 * @param {() => number} now
 * @returns {Sent}
 */
function sentOf(members, now) {
  return {
    ok: true,
    verificationId: String(members.verificationId),
    expires: new Countdown(secondsUntil(members.expiresIn, members.expiresAt), now),
    resend: new Countdown(secondsUntil(members.resendIn, members.resendAt), now),
  };
}

/**
 * Takes the server's seconds. From a server that names moments only, it has to believe the wall clock, once.
 * @param {unknown} seconds
 * @param {unknown} moment
 */
function secondsUntil(seconds, moment) {
  if (typeof seconds === 'number') return Math.max(0, seconds);
  const at = Date.parse(String(moment));
  return Number.isNaN(at) ? 0 : Math.max(0, (at - Date.now()) / 1000);
}

/**
 * @param {unknown} word
 * @returns {word is ServiceCode}
 */
function isCode(word) {
  return codes.includes(/** @type {ServiceCode} */ (word));
}

/**
 * Finds the service's word for a refusal, known or not. All of its refusals have a sentence and a word; what answers in its
 * place has no such pair.
 * @param {Record<string, unknown>} members
 * @returns {string | undefined}
 */
function wordOf({ error, code }) {
  return isCode(code) || (typeof error === 'string' && typeof code === 'string') ? code : undefined;
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>}
 */
function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
}
