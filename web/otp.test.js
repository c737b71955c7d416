import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Countdown, codes, createClient, formatSeconds, receiveCode, tidyCode, tidyNumber } from './otp.js';

test('a number is tidied and not judged', () => {
  for (const [typed, want] of [
    ['+1 (415) 555-2671', '+14155552671'],
    [' +43 664 123\u00a04567\u202f', '+436641234567'],
    ['0664/123 45.67', '06641234567'],
    ['\u202a+1\u200b415\u2060555\ufeff2671\u202c', '+14155552671'],
    ['+٤٣ ٦٦٤ ١٢٣٤٥٦٧', '+436641234567'],
    ['۰۹۱۲۳۴۵۶۷۸۹', '09123456789'],
    ['＋４３　６６４－１２３', '+43664123'],
    ['\u{1d7d2}\u{1d7db}\u{1d7e5}', '433'], // digits of mathematics: bold 4, double-struck 3, sans-serif 3
    ['+43–664—1‐2‑3−4', '+436641234'],
    ['+43 (0)664 1', '+4306641'],
    ['0043 664', '0043664'],
    ['+436641234567abc', '+436641234567abc'],
    ['+43+664', '+43+664'],
    ['1-800-FLOWERS', '1800FLOWERS'],
    ['½²', '½²'],
    ['', ''],
  ]) {
    assert.equal(tidyNumber(typed), want, JSON.stringify(typed));
  }
});

test('a code is found in what was typed or pasted', () => {
  for (const [typed, want, length] of [
    ['123456', '123456'],
    ['123 456', '123456'],
    ['123-456', '123456'],
    ['1 2 3 4 5 6', '123456'],
    [' 123\u200b456\n', '123456'],
    ['١٢٣٤٥٦', '123456'],
    ['１２３４５６', '123456'],
    ['G-123456', '123456'],
    ['Your code is 123456.\n\n@localhost #123456', '123456'],
    ['Your code is 123 456 and lasts 10 minutes', '123456'],
    ['123456 10 minutes', '123456'],
    ['Call +14155552671 or use 654321', '654321'],
    ['12345678', '12345678', 8],
    ['Code 12345678, ref 123456', '12345678', 8],
    ['123456 or 654321', '123456or654321'], // which one is not for us to say
    ['12345', '12345'],
    ['1234567', '1234567'],
    ['123456 78', '12345678'], // not cut to fit
    ['12a456', '12a456'],
    ['', ''],
  ]) {
    assert.equal(tidyCode(typed, length), want, JSON.stringify(typed));
  }
});

test('seconds are written as people read them', () => {
  for (const [seconds, want] of [[0, '0:00'], [-3, '0:00'], [0.2, '0:01'], [29, '0:29'], [600, '10:00'], [3599, '59:59'], [3600, '1:00:00'], [86399, '23:59:59'], [360000, '100:00:00']]) {
    assert.equal(formatSeconds(seconds), want);
  }
});

test('a countdown follows the clock it is given', () => {
  let now = 5000;
  const countdown = new Countdown(30, () => now);
  const seen = [];
  for (const at of [5000, 5001, 6000, 34_999, 35_000, 99_000]) {
    now = at;
    seen.push(countdown.left);
  }
  assert.deepEqual(seen, [30, 30, 29, 1, 0, 0]);
  assert.equal(countdown.over, true);
});

test('a countdown tells each second, and ends at nought', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const told = [];
  new Countdown(2.5, () => now).each((left) => told.push(left));
  const stopped = [];
  const stop = new Countdown(2.5, () => now).each((left) => stopped.push(left));
  const pass = (ms) => { now += ms; t.mock.timers.tick(ms); };
  pass(500);
  stop();
  pass(999);
  pass(1);
  pass(1000);
  pass(5000);
  assert.deepEqual(told, [3, 2, 1, 0]);
  assert.deepEqual(stopped, [3, 2]);
});

// --- A service that answers as the test says -----------------------------------------------

const number = '+14155552671';
const send = { phoneNumber: number };
const sentBody = { message: 'OTP sent successfully.', verificationId: 'BJGZI-GpWkZ7nIs2ZT3oaQ', expiresIn: 600, resendIn: 30 };

/**
 * An answer is [status, body, headers], 'lost', 'cut' (half a body), or 'late' (longer than the client's patience).
 */
function service(...answers) {
  return serviceFor({}, ...answers);
}

function serviceFor(options, ...answers) {
  const seen = [];
  const slept = [];
  let now = 0;
  const client = createClient({
    baseUrl: 'https://api.example.com/',
    timeout: 20,
    ...options,
    now: () => now,
    sleep: async (ms, signal) => { signal?.throwIfAborted(); slept.push(ms / 1000); now += ms; },
    fetch: async (url, { method, headers, body, signal }) => {
      seen.push({ url, method, headers, body: JSON.parse(body), key: headers['Idempotency-Key'] });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === 'lost') throw new TypeError('Failed to fetch');
      if (answer === 'late') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
      if (answer === 'cut') return new Response('{"message":"OTP se', { status: 200 });
      const [status, members, header] = answer;
      return new Response(typeof members === 'string' ? members : JSON.stringify(members), { status, headers: header });
    },
  });
  return { client, seen, slept, pass: (ms) => { now += ms; } };
}

test('a send that succeeds', async () => {
  const { client, seen, pass } = service([200, sentBody]);
  const sent = await client.send({ phoneNumber: number, channel: 'voice', locale: 'de' });
  assert.equal(sent.ok, true);
  assert.equal(sent.verificationId, sentBody.verificationId);
  assert.deepEqual([sent.expires.left, sent.resend.left], [600, 30]);
  pass(31_000);
  assert.deepEqual([sent.expires.left, sent.resend.over], [569, true]);
  assert.deepEqual(seen[0].body, { phoneNumber: number, channel: 'voice', locale: 'de' });
  assert.equal(seen[0].url, 'https://api.example.com/send-otp');
  assert.equal(seen[0].headers['Content-Type'], 'application/json');
  assert.match(seen[0].key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

/** Has the test run in a browser that calls itself so. */
function inBrowser(t, navigator) {
  const had = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: navigator });
  t.after(() => (had ? Object.defineProperty(globalThis, 'navigator', had) : delete globalThis.navigator));
}

test('a send asks for the language of the browser, unless another is named', async (t) => {
  for (const [name, navigator, options, asked, want] of [
    ['the browser\'s', { language: 'de-AT' }, {}, {}, 'de-AT'],
    ['the client\'s', { language: 'de-AT' }, { locale: 'fr' }, {}, 'fr'],
    ['the request\'s', { language: 'de-AT' }, { locale: 'fr' }, { locale: 'pt-BR' }, 'pt-BR'],
    ['none on purpose', { language: 'de-AT' }, { locale: '' }, {}, undefined],
    ['none of one request', { language: 'de-AT' }, { locale: 'fr' }, { locale: '' }, undefined],
    ['none that the browser says', { language: '' }, {}, {}, undefined],
    ['none outside a browser', undefined, {}, {}, undefined],
  ]) {
    await t.test(name, async (t) => {
      inBrowser(t, navigator);
      const { client, seen } = serviceFor(options, [200, sentBody]);
      const sent = await client.send({ ...send, ...asked });
      assert.equal(sent.ok, true);
      assert.deepEqual(seen.map(({ body }) => body.locale), [want]);
      await client.resend({ ...send, verificationId: sent.verificationId });
      assert.equal('locale' in seen[1].body, false); // a resend keeps the language of its send
    });
  }
});

test('a language that the service refuses does not keep a code back', async (t) => {
  const refused = [400, { error: 'Invalid locale.', code: 'locale_invalid' }];
  inBrowser(t, { language: 'C' });
  const { client, seen } = service(refused, [200, sentBody]);
  const sent = await client.send(send, { idempotencyKey: 'kept' });
  assert.equal(sent.ok, true);
  assert.deepEqual(seen.map(({ body, key }) => [body.locale, key]), [['C', 'kept'], [undefined, 'kept']]);
  // What the caller named is the caller's mistake, and no other refusal is asked about again.
  for (const [asked, answer] of [[{ ...send, locale: 'C' }, refused], [send, [400, { error: 'x', code: 'phone_number_invalid' }]]]) {
    const s = service(answer);
    assert.equal((await s.client.send(asked)).code, answer[1].code);
    assert.equal(s.seen.length, 1);
  }
});

test('each call has a key of its own, or the one it is given', async () => {
  const { client, seen } = service([200, sentBody]);
  await client.send(send);
  await client.send(send);
  await client.send(send, { idempotencyKey: 'kept-over-a-reload' });
  assert.equal(new Set(seen.map(({ key }) => key)).size, 3);
  assert.equal(seen[2].key, 'kept-over-a-reload');
});

test('without the server\'s seconds the moments are believed, once', async () => {
  const at = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
  const { client } = service([200, { message: 'OTP sent successfully.', verificationId: 'x', expiresAt: at(600), resendAt: at(-5) }]);
  const sent = await client.send(send);
  assert.ok(sent.expires.left > 590 && sent.expires.left <= 600, `${sent.expires.left}`);
  assert.equal(sent.resend.left, 0);
});

test('what is repeated by itself, under the same key', async (t) => {
  const running = (retryAfter) => [409, { error: 'A request with this Idempotency-Key is still running.', code: 'idempotency_key_in_use', retryAfter }];
  for (const [name, answers, slept] of [
    ['a lost answer', ['lost', [200, sentBody]], [0.5]],
    ['an answer that takes too long', ['late', [200, sentBody]], [0.5]],
    ['a success that is cut short', ['cut', [200, sentBody]], [0.5]],
    ['two lost answers', ['lost', 'lost', [200, sentBody]], [0.5, 1.5]],
    ['a twin that is still running', ['lost', running(19), running(18), running(16), running(12), [200, sentBody]], [0.5, 1, 2, 4, 8]],
    ['a twin that ends soon', ['lost', running(2), running(1), [200, sentBody]], [0.5, 1, 1]],
    ['a twin of which nothing is known', ['lost', running(), running(0), [200, sentBody]], [0.5, 1, 2]],
    ['a throttle before the service', [[429, { message: 'Too Many Requests' }], [200, sentBody]], [0.5]],
    ['a throttle that says how long', [[429, { message: 'Too Many Requests' }, { 'Retry-After': '3' }], [200, sentBody]], [3]],
    ['a crash before the service', [[502, '<html>'], [200, sentBody]], [0.5]],
    ['a store that is away for a moment', [[503, { error: 'x', code: 'unavailable', retryAfter: 1 }], [200, sentBody]], [1]],
    ['a pause that the provider wants', [[429, { error: 'x', code: 'too_soon', retryAfter: 3 }], [200, sentBody]], [3]],
    ['a wait that only the header says', [[429, { error: 'x', code: 'busy' }, { 'Retry-After': '2' }], [200, sentBody]], [2]],
  ]) {
    await t.test(name, async () => {
      const s = service(...answers);
      const sent = await s.client.send(send);
      assert.equal(sent.ok, true);
      assert.deepEqual(s.slept, slept);
      assert.equal(new Set(s.seen.map(({ key }) => key)).size, 1);
      assert.equal(s.seen.length, slept.length + 1);
    });
  }
});

test('a proof that could not be signed is asked for again', async () => {
  const s = service([500, { error: 'Failed to issue the proof.', code: 'proof_failed' }], [200, { message: 'OTP verified successfully.', proof: 'a.b.c' }]);
  assert.deepEqual(await s.client.verify({ phoneNumber: number, pin: '123456', verificationId: 'x' }), { ok: true, proof: 'a.b.c' });
  assert.deepEqual(s.slept, [0.5]);
  assert.equal(s.seen[0].key, s.seen[1].key);
});

test('what is told at once', async (t) => {
  for (const [status, code, members] of [
    [400, 'phone_number_invalid', {}],
    [401, 'invalid_or_expired', { attemptsRemaining: 4, state: 'wrong' }],
    [401, 'invalid_or_expired', {}],
    [403, 'challenge_required', {}],
    [422, 'idempotency_key_reused', {}],
    [422, 'idempotency_key_expired', {}],
    [429, 'address_limited', { retryAfter: 900 }],
    [429, 'too_soon', { retryAfter: 30 }],
    [429, 'number_limited', { retryAfter: 86400 }],
    [500, 'send_failed', {}],
    [500, 'send_unconfirmed', { retryAfter: 30 }],
    [500, 'verify_failed', {}],
    [500, 'internal', {}],
    [503, 'unavailable', { retryAfter: 5 }],
  ]) {
    await t.test(`${status} ${code}`, async () => {
      const s = service([status, { error: 'A sentence.', code, ...members }]);
      const { ok, wait, again, ...refused } = await s.client.send(send);
      assert.equal(ok, false);
      assert.deepEqual(refused, { code, status, sentence: 'A sentence.', ...members });
      assert.equal(wait?.left, members.retryAfter);
      assert.equal(s.seen.length, 1);
    });
  }
});

test('no answer at all ends after three tries, and can be asked again under its key', async () => {
  const s = service('lost', 'lost', 'lost', [200, sentBody]);
  const lost = await s.client.send(send);
  assert.deepEqual({ code: lost.code, status: lost.status, sentence: lost.sentence }, { code: 'no_answer', status: 0, sentence: '' });
  assert.equal(s.seen.length, 3);
  const sent = await lost.again();
  assert.equal(sent.ok, true);
  assert.equal(new Set(s.seen.map(({ key }) => key)).size, 1);
});

/** Node has no navigator of a browser. */
function navigator(t, value) {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
}

test('who is offline is told at once', async (t) => {
  navigator(t, { onLine: false });
  const s = service('lost');
  assert.equal((await s.client.send(send)).code, 'no_answer');
  assert.equal(s.seen.length, 1);
});

test('a twin that never ends is given up', async () => {
  const s = service([409, { error: 'x', code: 'idempotency_key_in_use' }]);
  assert.equal((await s.client.send(send)).code, 'idempotency_key_in_use');
  assert.deepEqual(s.slept, [1, 2, 4, 8, 8, 8]);
});

test('a solved challenge goes with the repeat', async () => {
  const s = service([403, { error: 'Please complete the challenge.', code: 'challenge_required' }], [200, sentBody]);
  const refused = await s.client.send(send);
  assert.equal((await refused.again({ challengeToken: 'solved' })).ok, true);
  assert.deepEqual(s.seen.map(({ body }) => body), [send, { ...send, challengeToken: 'solved' }]);
  assert.equal(s.seen[0].key, s.seen[1].key);
});

test('answers that are not the service\'s', async (t) => {
  for (const [name, answer, want] of [
    ['API Gateway\'s throttle', [429, { message: 'Too Many Requests' }], { code: 'foreign_answer', status: 429, sentence: 'Too Many Requests', retryAfter: 5 }],
    ['a firewall', [403, '<html>'], { code: 'foreign_answer', status: 403, sentence: '' }],
    ['a code that is not known', [400, { error: 'New.', code: 'brand_new' }], { code: 'unknown_code', word: 'brand_new', status: 400, sentence: 'New.' }],
    ['one with a long wait', [429, { error: 'New.', code: 'brand_new', retryAfter: 900 }], { code: 'unknown_code', word: 'brand_new', status: 429, sentence: 'New.', retryAfter: 900 }],
    ['members of other types', [401, { error: 5, code: 'invalid_or_expired', attemptsRemaining: '4', state: 7, retryAfter: 'soon' }], { code: 'invalid_or_expired', status: 401, sentence: '' }],
    ['an array', [500, '[1]'], { code: 'foreign_answer', status: 500, sentence: '' }],
    ['a name of Object', [400, { code: 'constructor' }], { code: 'foreign_answer', status: 400, sentence: '' }],
  ]) {
    await t.test(name, async () => {
      const { ok, again, wait, ...refused } = await service(answer).client.send(send);
      assert.deepEqual(refused, want);
      assert.equal(ok, false);
    });
  }
});

test('resend and verify ask what they are to ask', async () => {
  const s = service([200, sentBody]);
  await s.client.resend({ phoneNumber: number, verificationId: 'x', channel: 'voice' });
  await s.client.verify({ email: 'jane@example.com', pin: '123456', verificationId: 'x', nonce: 'n' });
  assert.deepEqual(s.seen.map(({ url, body }) => [url, body]), [
    ['https://api.example.com/resend-otp', { phoneNumber: number, verificationId: 'x', channel: 'voice' }],
    ['https://api.example.com/verify-otp', { email: 'jane@example.com', pin: '123456', verificationId: 'x', nonce: 'n' }],
  ]);
});

test('an aborted request is rejected, and not repeated', async () => {
  const before = new AbortController();
  before.abort(new Error('left the page'));
  await assert.rejects(service([200, sentBody]).client.send(send, { signal: before.signal }), /left the page/);

  const during = new AbortController();
  const s = service('late');
  setTimeout(() => during.abort(new Error('left the page')), 5);
  await assert.rejects(s.client.send(send, { signal: during.signal }), /left the page/);
  assert.equal(s.seen.length, 1);

  const between = new AbortController();
  const pausing = createClient({ baseUrl: '', fetch: async () => { throw new TypeError('no network'); } }).send(send, { signal: between.signal });
  setTimeout(() => between.abort(new Error('left the page')), 5);
  await assert.rejects(pausing, /left the page/);
});

test('every code is there once', () => {
  assert.equal(new Set(codes).size, codes.length);
  assert.throws(() => codes.push('another'), TypeError);
});

test('a code is received where the browser can', async (t) => {
  assert.equal(await receiveCode(), null);
  t.after(() => { delete globalThis.OTPCredential; });
  globalThis.OTPCredential = class {};
  let asked;
  const answer = { get: async (request) => { asked = request; return { code: '123 456' }; } };
  navigator(t, { credentials: answer });
  const { signal } = new AbortController();
  assert.equal(await receiveCode({ signal }), '123456');
  assert.deepEqual(asked, { otp: { transport: ['sms'] }, signal });
  answer.get = async () => { throw new DOMException('no', 'AbortError'); };
  assert.equal(await receiveCode(), null);
  answer.get = async () => null;
  assert.equal(await receiveCode(), null);
});
