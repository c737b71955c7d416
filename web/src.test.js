import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codes } from './otp.js';
import { curlOf, quote } from './src/curl.js';
import { languageLabel, likely, regionsOf } from './src/language.js';
import { decode, written } from './src/proof.js';
import { wordsFor } from './src/refusals.js';
import { coding, length, webOTP } from './src/sms.js';

test('what a message takes is written for people', () => {
  for (const [size, want] of [
    [{ encoding: 'GSM-7', characters: 69, segments: 1, bytes: 61, outside: '' }, ['1 segment, 69 of 160 characters', 'GSM-7, 61 bytes']],
    [{ encoding: 'GSM-7', characters: 161, segments: 2, bytes: 155, outside: '' }, ['2 segments, 161 of 306 characters', 'GSM-7, 155 bytes']],
    [{ encoding: 'UCS-2', characters: 70, segments: 1, bytes: 140, outside: 'ж' }, ['1 segment, 70 of 70 characters', 'UCS-2, 140 bytes, because of ж']],
    [{ encoding: 'UCS-2', characters: 71, segments: 2, bytes: 154, outside: '👍жя' }, ['2 segments, 71 of 134 characters', 'UCS-2, 154 bytes, because of 👍 ж я']],
    [{ encoding: 'UCS-2', characters: 9, segments: 1, bytes: 18, outside: 'кодтв' }, ['1 segment, 9 of 70 characters', 'UCS-2, 18 bytes']],
  ]) {
    assert.deepEqual([length(size), coding(size)], want);
  }
});

test('a WebOTP line is right, or says why not', () => {
  const of = (text, host = 'localhost', bytes = 140) => { const { right, why } = webOTP(text, '123456', host, bytes); return right ? 'right' : why; };
  for (const [text, want, host, bytes] of [
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
    ['Your code is 123456.\n@localhost #123456', 'the message has 141 bytes; over 140 it comes in parts', 'localhost', 141],
  ]) {
    assert.equal(of(text, host, bytes), want, JSON.stringify(text));
  }
});

test('a request becomes a command that a shell takes', () => {
  assert.deepEqual(['plain', "it's", 'a b', '', '$(rm)', 'a\nb'].map(quote), ['plain', "'it'\\''s'", "'a b'", "''", "'$(rm)'", "'a\nb'"]);
  const request = { header: [['Host', 'localhost:3000'], ['Sec-Fetch-Mode', 'cors'], ['Content-Type', 'application/json'], ['Idempotency-Key', 'k']], body: '{"phoneNumber":"+14155552671"}' };
  assert.equal(curlOf({ method: 'POST', url: '/send-otp', request }, 'http://localhost:3000'), `curl -i http://localhost:3000/send-otp \\
  -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: k' \\
  -d '{"phoneNumber":"+14155552671"}'`);
  assert.equal(curlOf({ method: 'POST', url: '/x', request: { header: [['Authorization', 'App •••']], body: '' } }, 'http://h'), `curl -i http://h/x -X POST \\\n  -H 'Authorization: App '"$KEY"`);
  // A page of anybody's can have such a type logged, and a developer copies what is logged.
  const planted = { header: [['Content-Type', "a;b=`id`$(id)'•••"]], body: '{}' };
  assert.equal(curlOf({ method: 'POST', url: '/x', request: planted }, 'http://h'), `curl -i http://h/x \\\n  -H 'Content-Type: a;b=\`id\`$(id)'\\'''"$KEY" \\\n  -d '{}'`);
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

test('a message is asked for in a language of the person', () => {
  const locales = ['en', 'pt', 'pt-BR', 'zh-Hant', 'sv'].map((tag) => ({ tag, written: tag !== 'sv', found: {} }));
  for (const [languages, want] of [
    [['pt-BR', 'en'], 'pt-BR'],
    [['pt-PT', 'en'], 'pt'],
    [['sv', 'tlh', 'en-GB'], 'en'], // nobody wrote the first
    [['zh-Hant'], 'zh-Hant'],
    [['fr'], undefined],
    [[], undefined],
  ]) {
    assert.equal(likely(locales, languages), want, languages.join());
  }
  assert.deepEqual(['pt-BR', '', 'tlh'].map(languageLabel), ['Brazilian Portuguese (pt-BR)', 'The default', 'Klingon (tlh)']);
  // A variant twice is right by the service's grammar, and an error to those who name languages.
  assert.throws(() => new Intl.DisplayNames(['en'], { type: 'language' }).of('de-1996-1996'), RangeError);
  assert.equal(languageLabel('de-1996-1996'), 'de-1996-1996 (de-1996-1996)');
});

test('a country is guessed from the languages that are any', () => {
  assert.deepEqual(regionsOf(['en-US@posix', 'de-AT', 'pt', '', 'C']), ['AT', 'BR']);
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
  assert.match(wordsFor({ code: 'channel_mismatch' }, { ...around, resending: true }).title, /read this message out.*still counts/);
  assert.equal(wordsFor({ code: 'number_limited' }, { ...around, email: true }).title, 'No more codes for this address');
  assert.equal(wordsFor({ code: 'no_answer' }, { ...around, online: false }).title, 'You are offline');
  assert.equal(wordsFor({ code: 'foreign_answer', status: 429 }, around).title, 'Very busy right now');
});
