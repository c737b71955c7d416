// What a person is told when something does not work: a sentence for every code that the service knows, and what
// they can do about it. It is a table, so that none is forgotten; a test holds it to the list of codes.

/**
 * @typedef {object} Words
 * @property {'recipient' | 'channel' | 'code' | 'challenge'} [field] said at a field of the form, instead of on a screen of its own
 * @property {'wait' | 'doubt' | 'stop'} [sign] how it looks
 * @property {string} title
 * @property {string} [text]
 * @property {'again' | 'anew' | 'check' | 'number'} [act] the main way on: the same request under its key, a new code, another check of this one, another number
 * @property {string} [label] of that way
 */

const again = { act: 'again', label: 'Try again' };
const anew = { act: 'anew', label: 'Send a new code' };
const other = { act: 'number', label: 'Back' };

/** The page has sent what no page should: nothing that a person can mend. */
const pageFault = { sign: 'stop', title: 'This page has a fault', text: 'The service refused its request for its form. What it said is below.', ...other };

const paused = { sign: 'wait', title: 'No codes at the moment', text: 'We are sending fewer codes than usual. Yours was not sent.', ...again };
const busy = { sign: 'wait', title: 'Very busy right now', text: 'There are more requests than we can take. Yours had no effect.', ...again };

/** @type {Record<string, Words>} */
const common = {
  phone_number_required: { field: 'recipient', title: 'Enter your phone number.' },
  phone_number_invalid: { field: 'recipient', title: 'This does not look like a phone number. Check the country and the digits.' },
  phone_number_unassigned: { field: 'recipient', title: 'This number is not in service. Is there a digit too many, or one missing?' },
  region_not_allowed: { field: 'recipient', title: 'We do not send codes to this country.' },
  line_type_not_allowed: { field: 'recipient', title: 'We cannot send a code to this kind of number. Use a mobile number.' },
  email_required: { field: 'recipient', title: 'Enter your e-mail address.' },
  email_invalid: { field: 'recipient', title: 'This does not look like an e-mail address.' },
  channel_unknown: { field: 'channel', title: 'We do not send codes this way. Choose another one.' },
  channel_not_allowed: { field: 'channel', title: 'We do not send codes this way. Choose another one.' },
  channel_mismatch: { field: 'channel', title: 'We cannot reach you this way. Choose another one.' },
  pin_invalid: { field: 'code', title: 'The code has {length} digits.' },
  phone_number_and_pin_required: { field: 'code', title: 'Enter the code.' },
  email_and_pin_required: { field: 'code', title: 'Enter the code.' },

  too_soon: { sign: 'wait', title: 'A code was sent just now', text: 'It can take a moment to arrive. Another one can be asked for soon.', ...again },
  number_limited: { sign: 'wait', title: 'No more codes for this number', text: 'It has had as many as it may have for now.', ...again },
  address_limited: { sign: 'wait', title: 'Too many tries from here', text: 'Your network has asked too often, you or somebody else there.', ...again },
  traffic_limited: paused,
  budget_exhausted: paused,
  provider_throttled: busy,
  busy,
  unavailable: { sign: 'wait', title: 'Out of order for a moment', text: 'We cannot reach a part that we need. Nothing was lost.', ...again },

  send_failed: { sign: 'stop', title: 'The message could not be sent', text: 'Nothing went out. Check the number, or try another way.', ...anew },
  send_unconfirmed: { sign: 'doubt', title: 'We are not sure it was sent', text: 'No answer came from the network. A code that still arrives cannot be used: ask for another one.', ...anew },
  verify_failed: { sign: 'doubt', title: 'We could not check the code', text: 'That was not your fault. Checking it again takes one of your tries.', act: 'check', label: 'Check again' },
  proof_failed: { sign: 'doubt', title: 'Right code, one step missing', text: 'We could not write down that you are verified. Your code still counts.', act: 'again', label: 'Finish' },
  internal: { sign: 'stop', title: 'Something broke on our side', text: 'We have noted it.', ...again },

  challenge_required: { field: 'challenge', title: 'This was not a solved challenge. Please try once more.' },
  idempotency_key_in_use: { sign: 'wait', title: 'Still working on it', text: 'Your request is under way and takes longer than usual.', ...again },
  idempotency_key_expired: { sign: 'wait', title: 'This code is over', text: 'Too much time has passed since you asked for it.', ...anew },
  no_answer: { sign: 'doubt', title: 'No answer', text: 'Your request may or may not have arrived. Trying again is safe: it does nothing twice.', ...again },
  foreign_answer: { sign: 'stop', title: 'Stopped on the way', text: 'Something before the service has answered in its place. Trying again is safe.', ...again },

  unknown_code: { sign: 'stop', title: 'That did not work', text: 'The service gave a reason that this page does not know yet. It is below.', ...again },

  invalid_or_expired: { field: 'code', title: 'This code is not right, or no longer good.' },
};

for (const code of [
  'body_invalid', 'field_unknown', 'field_type', 'verification_id_required', 'verification_id_invalid', 'idempotency_key_invalid',
  'idempotency_key_reused', 'nonce_invalid', 'client_address_required', 'origin_refused', 'recipient_ambiguous', 'locale_invalid',
  'not_found', 'method_not_allowed', 'body_too_large', 'content_type_unsupported',
]) common[code] = pageFault;

/** What has become of a code. @type {Record<string, Words>} */
const ended = {
  wrong: { field: 'code', title: 'This code is not right.' },
  expired: { sign: 'wait', title: 'This code has expired', text: 'Codes last a few minutes only.', ...anew },
  locked: { sign: 'stop', title: 'Too many wrong codes', text: 'This code cannot be used any more, so that nobody can guess it.', ...anew },
  used: { sign: 'stop', title: 'This code was used already', text: 'Each one works once.', ...anew },
};

/** For who checks a code: what is said of sending does not fit. @type {Record<string, Words>} */
const checkingWords = {
  too_soon: { sign: 'wait', title: 'A little too quick', text: 'There has to be a pause between two checks. This one was not counted.', ...again },
};

/** For who has a code and asks for it by another way. @type {Record<string, Words>} */
const resendingWords = {
  channel_mismatch: { field: 'channel', title: 'We cannot read this message out in its language. The code that you have still counts.' },
  channel_not_allowed: { field: 'channel', title: 'We do not send codes this way. The code that you have still counts.' },
};

/** For who is reached by e-mail. @type {Record<string, Partial<Words>>} */
const emailWords = {
  number_limited: { title: 'No more codes for this address' },
  send_failed: { text: 'Nothing went out. Check the address, or use a phone number.' },
};

const offline = { sign: 'doubt', title: 'You are offline', text: 'We go on by ourselves as soon as you are back. Nothing is done twice.', ...again };

/**
 * Finds the words for a refusal.
 * @param {import('../otp.js').Refusal<any>} refusal
 * @param {{ pinLength: number, online: boolean, expired: boolean, checking: boolean, resending?: boolean, email?: boolean }} around what the page
 *   itself knows
 * @returns {Words}
 */
export function wordsFor(refusal, { pinLength, online, expired, checking, resending = false, email = false }) {
  if (refusal.code === 'no_answer' && !online) return offline;
  if (refusal.code === 'foreign_answer' && refusal.status === 429) return busy;
  if (refusal.code === 'invalid_or_expired') {
    const state = stateOf(refusal, expired);
    return triesAdded(Object.hasOwn(ended, state) ? ended[state] : common.invalid_or_expired, refusal.attemptsRemaining);
  }
  const words = {
    ...((checking && checkingWords[refusal.code]) || (resending && resendingWords[refusal.code]) || common[refusal.code]),
    ...(email ? emailWords[refusal.code] : {}),
  };
  return { ...words, title: words.title.replace('{length}', String(pinLength)) };
}

/**
 * Takes the server's word for what became of a code. A server that does not say it is read by the tries left and
 * our own countdown.
 */
function stateOf({ state, attemptsRemaining }, expired) {
  if (state !== undefined) return state;
  if (expired) return 'expired';
  if (attemptsRemaining === 0) return 'locked';
  return attemptsRemaining > 0 ? 'wrong' : '';
}

function triesAdded(words, tries) {
  if (words.field !== 'code' || tries === undefined) return words;
  return { ...words, title: `${words.title} ${tries === 1 ? 'One try' : `${tries} tries`} left.` };
}
