import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codes } from './otp.js';
import { curlOf, quote } from './src/curl.js';
import { decode, written } from './src/proof.js';
import { wordsFor } from './src/refusals.js';
import { measure, webOTP } from './src/sms.js';

test('a message is measured as networks do', () => {
  const of = (text) => { const { encoding, characters, segments, cause } = measure(text); return [encoding, characters, segments, cause]; };
  for (const [text, want] of [
    ['', ['GSM-7', 0, 1, '']],
    ['Your code is 123456.', ['GSM-7', 20, 1, '']],
    ['a'.repeat(160), ['GSM-7', 160, 1, '']],
    ['a'.repeat(161), ['GSM-7', 161, 2, '']],
    ['a'.repeat(306), ['GSM-7', 306, 2, '']],
    ['a'.repeat(307), ['GSM-7', 307, 3, '']],
    ['€', ['GSM-7', 2, 1, '']],
    ['[{€}]', ['GSM-7', 10, 1, '']],
    [`${'a'.repeat(152)}€${'a'.repeat(153)}`, ['GSM-7', 307, 3, '']], // the escape does not end a part
    ['Ñandú é à', ['UCS-2', 9, 1, 'ú']],
    ['ÄÖÜß', ['GSM-7', 4, 1, '']],
    ['ç', ['UCS-2', 1, 1, 'ç']], // the alphabet has Ç alone
    ['Код 123456', ['UCS-2', 10, 1, 'К']],
    ['`', ['UCS-2', 1, 1, '`']],
    ['ж'.repeat(70), ['UCS-2', 70, 1, 'ж']],
    ['ж'.repeat(71), ['UCS-2', 71, 2, 'ж']],
    ['👍', ['UCS-2', 2, 1, '👍']],
    [`${'ж'.repeat(66)}👍${'ж'.repeat(66)}`, ['UCS-2', 134, 3, 'ж']], // nor is an emoji split
  ]) {
    assert.deepEqual(of(text), want, JSON.stringify(text));
  }
});

test('a WebOTP line is right, or says why not', () => {
  const of = (text, host = 'localhost') => { const { right, why } = webOTP(text, '123456', host); return right ? 'right' : why; };
  for (const [text, want, host] of [
    ['Your code is 123456.\n\n@localhost #123456', 'right'],
    ['Your code is 123456.\n@localhost #123456', 'right'],
    ['Code: 123456\n@example.com #123456', 'right', 'login.example.com'],
    ['Code: 123456\n@example.com #123456', 'it is bound to example.com, and this page is notexample.com', 'notexample.com'],
    ['Your code is 123456.', 'the last line is not @host #code'],
    ['Your code is 123456.\n@localhost 123456', 'the last line is not @host #code'],
    ['Your code is 123456.\n@localhost #123456\nBye', 'the @host #code line is not the last one'],
    ['Your code is 123456.\n@localhost #123456\n', 'the @host #code line is not the last one'],
    ['Your code is 123456.\n@localhost #654321', 'its line has #654321, which is not the code'],
    ['@localhost #123456', 'nothing for a person stands before the line'],
    ['Your code is 123456.\n@top.example #123456 @localhost', 'it is for a frame of localhost within top.example'],
    [`${'a'.repeat(150)}\n@localhost #123456`, 'the message has 148 bytes; over 140 it comes in parts'],
    [`${'ж'.repeat(60)}\n@localhost #123456`, 'the message has 158 bytes; over 140 it comes in parts'],
  ]) {
    assert.equal(of(text, host), want, JSON.stringify(text));
  }
});

test('a request becomes a command that a shell takes', () => {
  assert.deepEqual(['plain', "it's", 'a b', '', '$(rm)', 'a\nb'].map(quote), ['plain', "'it'\\''s'", "'a b'", "''", "'$(rm)'", "'a\nb'"]);
  const request = { header: [['Host', 'localhost:3000'], ['Sec-Fetch-Mode', 'cors'], ['Content-Type', 'application/json'], ['Idempotency-Key', 'k']], body: '{"phoneNumber":"+14155552671"}' };
  assert.equal(curlOf({ method: 'POST', url: '/send-otp', request }, 'http://localhost:3000'), `curl -i http://localhost:3000/send-otp \\
  -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: k' \\
  -d '{"phoneNumber":"+14155552671"}'`);
  assert.equal(curlOf({ method: 'POST', url: '/x', request: { header: [['Authorization', 'App •••']], body: '' } }, 'http://h'), 'curl -i http://h/x -X POST \\\n  -H "Authorization: App $KEY"');
  assert.equal(curlOf({ method: 'GET', url: "/a?b=c&d='", request: { header: [], body: '' } }, 'http://h'), `curl -i 'http://h/a?b=c&d='\\'''`);
});

test('a proof is read, and what is none is not', () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'https://example.com', phone_number: '+14155552671', name: 'Žofie' };
  assert.deepEqual(decode(`${part({ alg: 'RS256' })}.${part(claims)}.c2ln`), { header: { alg: 'RS256' }, claims });
  for (const token of ['', 'a.b', 'a.b.c.d', '..', `${part([])}.${part({})}.x`, `${part(null)}.${part({})}.x`, `.${Buffer.from('\xff', 'latin1').toString('base64url')}.`]) {
    assert.equal(decode(token), null, token);
  }
  assert.equal(written('exp', 1793000000), '2026-10-26T07:33:20Z');
  assert.equal(written('exp', 'soon'), 'soon');
  assert.equal(written('amr', ['otp', 'sms']), '["otp","sms"]');
});

const around = { pinLength: 6, online: true, expired: false, checking: false };

test('every code has words of its own, and a way on', () => {
  for (const code of [...codes, 'no_answer', 'foreign_answer', 'unknown_code']) {
    const words = wordsFor({ ok: false, code, status: 400, sentence: 'The server said so.' }, around);
    assert.ok(words.title, code);
    assert.doesNotMatch(`${words.title} ${words.text ?? ''}`, /\{|undefined|OTP|PIN|server said/, code);
    assert.ok(words.field || words.act && words.label && words.sign && words.text, code);
  }
});

test('what became of a code is told by the server, or by what is known', () => {
  const title = (refusal, known = {}) => wordsFor({ ok: false, code: 'invalid_or_expired', ...refusal }, { ...around, ...known }).title;
  for (const [refusal, known, want] of [
    [{ state: 'wrong', attemptsRemaining: 4 }, {}, 'This code is not right. 4 tries left.'],
    [{ state: 'wrong', attemptsRemaining: 1 }, {}, 'This code is not right. One try left.'],
    [{ state: 'expired', attemptsRemaining: 4 }, {}, 'This code has expired'],
    [{ state: 'locked', attemptsRemaining: 0 }, {}, 'Too many wrong codes'],
    [{ state: 'used', attemptsRemaining: 0 }, {}, 'This code was used already'],
    [{ state: 'constructor' }, {}, 'This code is not right, or no longer good.'],
    [{ state: 'brand-new' }, {}, 'This code is not right, or no longer good.'],
    [{ attemptsRemaining: 4 }, {}, 'This code is not right. 4 tries left.'],
    [{ attemptsRemaining: 0 }, {}, 'Too many wrong codes'],
    [{ attemptsRemaining: 0 }, { expired: true }, 'This code has expired'],
    [{}, {}, 'This code is not right, or no longer good.'],
  ]) {
    assert.equal(title(refusal, known), want);
  }
  assert.equal(wordsFor({ code: 'pin_invalid' }, { ...around, pinLength: 8 }).title, 'The code has 8 digits.');
  assert.equal(wordsFor({ code: 'too_soon' }, around).title, 'A code was sent just now');
  assert.equal(wordsFor({ code: 'too_soon' }, { ...around, checking: true }).title, 'A little too quick');
  assert.equal(wordsFor({ code: 'no_answer' }, { ...around, online: false }).title, 'You are offline');
  assert.equal(wordsFor({ code: 'foreign_answer', status: 429 }, around).title, 'Very busy right now');
});
