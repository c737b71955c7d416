/**
 * Strips from a phone number what is there for the eye alone: spaces, dashes, dots, brackets, invisible marks.
 * Digits of other scripts become ASCII. It guesses no country and takes no letter away: `0664 123456` becomes
 * `0664123456`, `+43 (0)664 1` becomes `+4306641`, and whether that is a number is for the server to say.
 * @param {string} text what a person typed or pasted
 * @returns {string}
 */
export function tidyNumber(text: string): string;
/**
 * Makes a code of what a person typed or pasted: `123 456`, `١٢٣٤٥٦` and a whole message with one code of
 * that length in it become `123456`. What has no such code comes back without separators, for the
 * server to refuse.
 * @param {string} text
 * @param {number} [length] how many digits a code has
 * @returns {string}
 */
export function tidyCode(text: string, length?: number): string;
/**
 * Writes seconds as a person reads them: `0:29`, `10:00`, `1:00:00`.
 * @param {number} seconds
 * @returns {string}
 */
export function formatSeconds(seconds: number): string;
/**
 * Waits for the code of an SMS that ends with `@your.host #123456` (WebOTP). It comes to nothing where the browser
 * cannot do that, where the person says no, and when the signal is aborted: keep the field with
 * `autocomplete="one-time-code"`, which is the fallback everywhere, and abort when the person types.
 * @param {{ signal?: AbortSignal, length?: number }} [options]
 * @returns {Promise<string | null>}
 */
export function receiveCode({ signal, length }?: {
    signal?: AbortSignal;
    length?: number;
}): Promise<string | null>;
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
export function createClient({ baseUrl, locale, timeout, patience, repeats, now, fetch, sleep, }: ClientOptions): {
    /**
     * Asks for a code.
     * @param {SendRequest} body
     * @param {RequestOptions} [options]
     * @returns {Promise<SendResult>}
     */
    send: (body: SendRequest, options?: RequestOptions) => Promise<SendResult>;
    /**
     * Has the same code delivered again; it lives no longer for it.
     * @param {ResendRequest} body
     * @param {RequestOptions} [options]
     * @returns {Promise<SendResult>}
     */
    resend: (body: ResendRequest, options?: RequestOptions) => Promise<SendResult>;
    /**
     * Checks a code. Name the `verificationId`: the code then works for this request alone, and a refusal says what has
     * become of it.
     * @param {VerifyRequest} body
     * @param {RequestOptions} [options]
     * @returns {Promise<VerifyResult>}
     */
    verify: (body: VerifyRequest, options?: RequestOptions) => Promise<VerifyResult>;
};
/**
 * A span of time that began when the answer came. It asks a monotonic clock, so a wall clock that is wrong, or is put
 * right meanwhile, changes nothing. (Some browsers' monotonic clock stands while the machine sleeps: the server
 * has the last word on what has run out.)
 */
export class Countdown {
    /**
     * @param {number} seconds
     * @param {() => number} [now] a monotonic clock in milliseconds
     */
    constructor(seconds: number, now?: () => number);
    /** Whole seconds that are left, rounded up; 0 once it is over. */
    get left(): number;
    /** Whether it has run down. */
    get over(): boolean;
    /**
     * Tells the seconds that are left: now, at each whole second, and 0 at the end. Show them; do not announce
     * each of them to a screen reader.
     * @param {(left: number) => void} tell
     * @returns {() => void} ends it sooner
     */
    each(tell: (left: number) => void): () => void;
    #private;
}
/**
 * Every code that the service refuses with.
 * @type {ReadonlyArray<ServiceCode>}
 */
export const codes: ReadonlyArray<ServiceCode>;
export type Client = ReturnType<typeof createClient>;
/**
 * The codes that come with a wait. The request had no effect; it may be made again once `wait` is over.
 */
export type WaitCode = "address_limited" | "number_limited" | "too_soon" | "traffic_limited" | "budget_exhausted" | "provider_throttled" | "busy" | "unavailable";
/**
 * The codes for a mistake in the request: another one is needed, not a repeat.
 */
export type MistakeCode = "body_invalid" | "field_unknown" | "field_type" | "phone_number_required" | "phone_number_invalid" | "phone_number_unassigned" | "phone_number_and_pin_required" | "email_and_pin_required" | "pin_invalid" | "verification_id_required" | "verification_id_invalid" | "channel_unknown" | "channel_not_allowed" | "region_not_allowed" | "line_type_not_allowed" | "idempotency_key_invalid" | "idempotency_key_reused" | "idempotency_key_expired" | "nonce_invalid" | "client_address_required" | "origin_refused" | "email_required" | "email_invalid" | "recipient_ambiguous" | "channel_mismatch" | "locale_invalid" | "not_found" | "method_not_allowed" | "body_too_large" | "content_type_unsupported";
/**
 * The codes for what went wrong on the other side, after which there may or may not be an effect.
 *
 * - `send_failed`: no message went out. Ask again, as a new request.
 * - `send_unconfirmed`: one may have gone out. Wait for it, and offer another when `wait` is over.
 * - `verify_failed`: nobody knows whether the code was right. Verify anew, which costs another try.
 * - `proof_failed`: the code was right, and its proof could not be made. `again()` gets it.
 * - `internal`: a defect of the service.
 */
export type FailureCode = "send_failed" | "send_unconfirmed" | "verify_failed" | "proof_failed" | "internal";
export type ServiceCode = WaitCode | MistakeCode | FailureCode | "invalid_or_expired" | "challenge_required" | "idempotency_key_in_use";
/**
 * What every refusal has.
 */
export type Refused<S> = {
    ok: false;
    /**
     * the HTTP status; 0 where no answer came
     */
    status: number;
    /**
     * the server's, in English, for logs; empty where no answer came
     */
    sentence: string;
    /**
     * seconds from when the answer came
     */
    retryAfter?: number | undefined;
    /**
     * runs down from `retryAfter`
     */
    wait?: Countdown | undefined;
    /**
     * the same request, under the same
     * Idempotency-Key: what has happened already does not happen twice
     */
    again: (more?: {
        challengeToken?: string;
        signal?: AbortSignal;
    }) => Promise<S | Refusal<S>>;
};
/**
 * Why a request did not succeed. Switch on `code`.
 *
 * Three codes are this module's own: `no_answer` (offline, a lost answer, or one that took too long: the request may have
 * had its effect, and `again()` finds out safely), `foreign_answer` (something before the service answered,
 * such as API Gateway's own throttle, which has no code) and `unknown_code` (the service is newer than this module and
 * refused with a `word` that this does not know).
 */
export type Refusal<S> = Refused<S> & ({
    code: WaitCode;
    retryAfter: number;
    wait: Countdown;
} | {
    code: MistakeCode | FailureCode | "challenge_required" | "idempotency_key_in_use" | "no_answer" | "foreign_answer";
} | {
    code: "unknown_code";
    word: string;
} | {
    code: "invalid_or_expired";
    attemptsRemaining?: number;
    state?: CodeState;
});
/**
 * What has become of a code that was refused, for who named its `verificationId`: `wrong` (try again), `expired`,
 * `locked` (no tries left) or `used`.
 */
export type CodeState = "wrong" | "expired" | "locked" | "used";
/**
 * A code is on its way.
 */
export type Sent = {
    ok: true;
    /**
     * names it: keep it for `verify` and `resend`
     */
    verificationId: string;
    /**
     * the code's life
     */
    expires: Countdown;
    /**
     * until another may be asked for
     */
    resend: Countdown;
};
/**
 * The number is the person's.
 */
export type Verified = {
    ok: true;
    /**
     * a signed token for your backend, where the service issues them
     */
    proof?: string | undefined;
};
export type SendResult = Sent | Refusal<Sent>;
export type VerifyResult = Verified | Refusal<Verified>;
export type Recipient = {
    phoneNumber: string;
    email?: undefined;
} | {
    email: string;
    phoneNumber?: undefined;
};
export type Channel = "sms" | "voice" | "email";
export type SendRequest = Recipient & {
    channel?: Channel;
    locale?: string;
    challengeToken?: string;
};
export type ResendRequest = Recipient & {
    verificationId: string;
    channel?: Channel;
    challengeToken?: string;
};
export type VerifyRequest = Recipient & {
    pin: string;
    verificationId?: string;
    nonce?: string;
};
export type RequestOptions = {
    /**
     * ends the request and its repeats; the promise is then rejected with its reason
     */
    signal?: AbortSignal | undefined;
    /**
     * of an earlier request that is to be continued, after a reload for example. It must be
     * unguessable. Default: a random UUID, new for every call
     */
    idempotencyKey?: string | undefined;
};
export type ClientOptions = {
    /**
     * of the service
     */
    baseUrl: string;
    /**
     * language of the messages, as a tag such as pt-BR; empty for the service's own. What a send
     * names goes before it, empty or not. Default: navigator.language
     */
    locale?: string | undefined;
    /**
     * milliseconds that one request may take. Default: 25,000, since a function may take 20 s
     */
    timeout?: number | undefined;
    /**
     * the longest wait, in seconds, that is waited for instead of told. Default: 3, the pause that Infobip wants between checks
     */
    patience?: number | undefined;
    /**
     * how often a request is repeated whose answer was lost. Default: 2
     */
    repeats?: number | undefined;
    fetch?: typeof fetch | undefined;
    /**
     * a monotonic clock in milliseconds. Default: performance.now
     */
    now?: (() => number) | undefined;
    sleep?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined;
};
/**
 * One HTTP answer.
 */
export type Answer = {
    status: number;
    members: Record<string, unknown>;
    retryAfter?: number;
};
