// The screens as a person meets them: a number, a code, and success; and one for each thing that can go wrong.
// It uses of the service what a front end of yours would: otp.js.

import { createClient, formatSeconds, receiveCode, tidyCode } from '../otp.js';
import { challengeScreen } from './challenge.js';
import { wordsOf } from './channels.js';
import { $, el, fault, say } from './dom.js';
import { doneScreen } from './done.js';
import { languageField } from './language.js';
import { numberField } from './number.js';
import { wordsFor } from './refusals.js';

const screens = ['screen-number', 'screen-challenge', 'screen-code', 'screen-notice', 'screen-done'];

const signs = {
  wait: 'M20 11v9l6 4',
  doubt: 'M16 16.3a4 4 0 1 1 6 3.5c-1.4.8-2 1.7-2 3.2M20 27.5v.1',
  stop: 'M20 12v10M20 27.5v.1',
};

/**
 * @param {{ gateway: string, channels: string[], pinLength: number }} facts
 * @param {{ default: string, locales: import('./language.js').Locale[] }} messages the languages there are
 * @param {() => number} now a monotonic clock that follows the simulator's when that is moved forward
 */
export function startFlow(facts, messages, now) {
  const otp = createClient({ baseUrl: facts.gateway, locale: '', now });
  const number = numberField();
  const language = languageField(messages);
  /** What is under way: whom it is for, how it was sent, and what the service said. */
  let current = { recipient: {}, shown: '', channel: 'sms', sent: undefined };
  /** Ends the countdowns and the wait for a message of the screen that is left. */
  let leave = [];
  let busy = false;
  let repeat = () => {};

  function show(screen, focus) {
    leave.forEach((end) => end());
    leave = [];
    for (const id of screens) $(id).hidden = id !== screen;
    focus.focus();
  }

  /** Runs one request at a time, and says so on the button that asked for it. */
  async function run(button, doing, request) {
    if (busy) return;
    busy = true;
    const face = button.querySelector('span') ?? button;
    const label = face.textContent;
    button.setAttribute('aria-disabled', 'true');
    button.dataset.busy = 'yes';
    face.textContent = doing;
    let result;
    try {
      result = await request();
    } finally {
      busy = false;
      button.removeAttribute('aria-disabled');
      delete button.dataset.busy;
      face.textContent = label;
    }
    return result;
  }

  /** Shows a countdown without saying every second of it. */
  function runDown(countdown, timer, ended) {
    const stop = countdown.each((left) => {
      timer.textContent = left > 2 * 3600 ? `about ${Math.round(left / 3600)} hours` : formatSeconds(left);
      if (left === 0) ended();
    });
    leave.push(stop);
  }

  // --- The number -------------------------------------------------------------------------

  const chosenChannel = () => document.querySelector('input[name="channel"]:checked')?.value ?? facts.channels[0];

  function showNumber(field) {
    show('screen-number', field ?? $('number-title'));
  }

  function channelChosen() {
    const channel = chosenChannel();
    $('phone-field').hidden = channel === 'email';
    $('email-field').hidden = channel !== 'email';
    $('screen-number').querySelector('.primary span').textContent = wordsOf(channel).button;
    language.show(channel);
  }

  $('channel-options').append(...facts.channels.map((channel, i) => el('label', {},
    el('input', { type: 'radio', name: 'channel', value: channel, checked: i === 0, onchange: channelChosen }),
    el('span', {}, wordsOf(channel).option))));
  $('channels').hidden = facts.channels.length < 2;
  $('screen-number').querySelector('[data-pin-length]').textContent = facts.pinLength;
  channelChosen();

  $('screen-number').addEventListener('submit', async (event) => {
    event.preventDefault();
    const channel = chosenChannel();
    const email = $('email').value.trim();
    const recipient = channel === 'email' ? { email } : { phoneNumber: number.value() };
    // Who asks anew for the same number still has the code from before.
    const sent = JSON.stringify(recipient) === JSON.stringify(current.recipient) ? current.sent : undefined;
    current = { recipient, shown: channel === 'email' ? email : number.shown(), channel, sent };
    fault(number.input, $('number-error'), '');
    fault($('email'), $('email-error'), '');
    await send($('screen-number').querySelector('.primary'));
  });

  /** Asks for a new code for whom the flow is about. */
  function send(button) {
    const { recipient, channel } = current;
    return deliver(button, channel, () => otp.send({ ...recipient, channel, ...language.chosen() }));
  }

  /** Has the code that there is delivered once more, by a channel of choice. */
  function resend(button, channel) {
    const { recipient, sent } = current;
    return deliver(button, channel, () => otp.resend({ ...recipient, channel, verificationId: sent.verificationId }));
  }

  async function deliver(button, channel, request) {
    sentAfter = newest;
    const result = await run(button, channel === 'voice' ? 'Calling…' : 'Sending…', request);
    const settle = (settled) => {
      if (!settled.ok) {
        refused(settled, settle);
        return;
      }
      current.sent = settled;
      current.channel = channel;
      showCode();
    };
    if (result) settle(result);
  }

  // --- The code ---------------------------------------------------------------------------

  /** The newest message there is, and the one there was when a code was asked for. */
  let newest = 0;
  let sentAfter = 0;

  function showCode() {
    const { sent, channel, shown } = current;
    $('code-how').textContent = wordsOf(channel).how;
    $('code-to').textContent = shown;
    $('code').value = '';
    fault($('code'), $('code-error'), '');
    $('again-error').hidden = true;
    show('screen-code', $('code'));
    say(`${wordsOf(channel).how} ${shown}`);
    runDown(sent.expires, $('code-left'), () => say('The code has expired'));
    const waits = !sent.resend.over;
    allowResend(!waits);
    if (waits) {
      runDown(sent.resend, $('resend-left'), () => {
        allowResend(true);
        say('You can ask for the code again');
      });
    }
    $('other-way').parentElement.hidden = !otherWay();
    $('other-way').textContent = otherWay() ? wordsOf(otherWay()).instead : '';
    offer();
    listen();
  }

  function allowResend(allowed) {
    $('resend-when').hidden = allowed;
    for (const button of [$('resend'), $('other-way')]) {
      if (allowed) button.removeAttribute('aria-disabled');
      else button.setAttribute('aria-disabled', 'true');
    }
  }

  /** A call for who got a text, a text for who got a call. */
  function otherWay() {
    const way = { sms: 'voice', voice: 'sms' }[current.channel];
    return facts.channels.includes(way) ? way : undefined;
  }

  async function listen() {
    const ending = new AbortController();
    leave.push(() => ending.abort());
    $('code').addEventListener('input', () => ending.abort(), { once: true, signal: ending.signal });
    const code = await receiveCode({ signal: ending.signal, length: facts.pinLength });
    if (code && !ending.signal.aborted) fillIn(code);
  }

  function fillIn(code) {
    $('code').value = code;
    fault($('code'), $('code-error'), '');
    $('offer').hidden = true;
    $('code').focus();
    say('The code is filled in');
  }

  $('code').addEventListener('paste', (event) => {
    event.preventDefault();
    fillIn(tidyCode(event.clipboardData.getData('text'), facts.pinLength));
  });
  $('code').addEventListener('change', () => { $('code').value = tidyCode($('code').value, facts.pinLength); });
  $('code-change').addEventListener('click', () => showNumber(current.channel === 'email' ? $('email') : number.input));

  $('screen-code').addEventListener('submit', (event) => {
    event.preventDefault();
    check($('screen-code').querySelector('.primary'));
  });

  async function check(button) {
    const pin = tidyCode($('code').value, facts.pinLength);
    $('code').value = pin;
    fault($('code'), $('code-error'), '');
    const result = await run(button, 'Checking…', () => otp.verify({
      ...current.recipient, pin, verificationId: current.sent.verificationId,
    }));
    if (result) settleVerify(result);
  }

  function settleVerify(result) {
    if (result.ok) done.show(current.shown, result.proof);
    else refused(result, settleVerify);
  }

  for (const [button, channel] of [[$('resend'), () => current.channel], [$('other-way'), otherWay]]) {
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') !== 'true') resend(button, channel());
    });
  }

  // --- What does not work ------------------------------------------------------------------

  const challenge = challengeScreen(show, run);

  function refused(refusal, settle) {
    const atCode = current.sent !== undefined && !$('screen-code').hidden;
    const words = wordsFor(refusal, {
      pinLength: facts.pinLength, online: navigator.onLine, expired: current.sent?.expires.over ?? false, checking: settle === settleVerify,
      resending: atCode, email: current.recipient.email !== undefined,
    });
    if (words.field === 'code' && current.sent) {
      if (!atCode) backToCode();
      fault($('code'), $('code-error'), words.title);
      $('code').focus();
      $('code').select();
      return;
    }
    if (words.field === 'channel' && atCode) {
      $('again-error').textContent = words.title;
      $('again-error').hidden = false;
      return;
    }
    if (words.field === 'challenge') {
      challenge.ask(refusal, words, settle, wayBack());
      return;
    }
    if (words.field && words.field !== 'code') {
      const email = current.recipient.email !== undefined;
      const field = email ? $('email') : number.input;
      if ($('screen-number').hidden) showNumber(field);
      fault(field, email ? $('email-error') : $('number-error'), words.title);
      (words.field === 'channel' ? document.querySelector('input[name="channel"]:checked') ?? field : field).focus();
      return;
    }
    showNotice(refusal, words, settle);
  }

  /** Goes back to the code that is alive, with what was typed. */
  function backToCode() {
    const typed = $('code').value;
    showCode();
    $('code').value = typed;
  }

  /** The way back: to the code if that is alive and of use, else to the number. */
  function wayBack(codeIsOfUse = true) {
    if (codeIsOfUse && current.sent && !current.sent.expires.over) return { label: 'Back to the code', toCode: true, go: backToCode };
    return { label: current.recipient.email === undefined ? 'Use another number' : 'Use another address', toCode: false, go: () => showNumber(current.channel === 'email' ? $('email') : number.input) };
  }

  function showNotice(refusal, words, settle) {
    const { wait, status, code, word, sentence } = refusal;
    $('screen-notice').dataset.sign = words.sign;
    $('sign-path').setAttribute('d', signs[words.sign]);
    $('notice-title').textContent = words.title;
    $('notice-text').textContent = words.text ?? '';
    const act = $('notice-act');
    act.querySelector('span').textContent = words.label;
    const back = wayBack(words.act !== 'anew');
    $('notice-back').hidden = words.act === 'number' && !back.toCode;
    $('notice-back').textContent = back.label;
    $('notice-back').onclick = back.go;
    $('notice-said').hidden = false;
    $('notice-code').textContent = [status || '', word ?? code].join(' ').trim();
    $('notice-sentence').hidden = sentence === '';
    $('notice-sentence').textContent = sentence;
    $('notice-until').hidden = !wait;
    $('notice-until-label').textContent = words.act === 'anew' ? 'You can ask for another one in' : 'You can go on in';
    repeat = () => {
      if (act.getAttribute('aria-disabled') === 'true') return;
      if (words.act === 'number') showNumber();
      else if (words.act === 'anew') send(act);
      else if (words.act === 'check') check(act);
      else run(act, 'Trying…', () => refusal.again()).then((result) => result && settle(result));
    };
    show('screen-notice', $('notice-title'));
    act.removeAttribute('aria-disabled');
    if (wait && !wait.over) {
      act.setAttribute('aria-disabled', 'true');
      runDown(wait, $('notice-left'), () => {
        act.removeAttribute('aria-disabled');
        $('notice-until').hidden = true;
        say('You can go on now');
      });
    } else {
      $('notice-until').hidden = true;
    }
    if (code === 'no_answer') {
      const online = () => repeat();
      addEventListener('online', online, { once: true });
      leave.push(() => removeEventListener('online', online));
    }
  }

  $('notice-act').addEventListener('click', () => repeat());

  // --- Success ------------------------------------------------------------------------------

  const done = doneScreen(show, runDown, facts.gateway, now);

  $('done-again').addEventListener('click', () => {
    current = { recipient: {}, shown: '', channel: chosenChannel(), sent: undefined };
    showNumber();
  });

  // --- The phone beside it ------------------------------------------------------------------

  const digits = (to) => (to.includes('@') ? to.toLowerCase() : to.replace(/\D/g, ''));

  /** The newest message for this recipient since the code was asked for. */
  let arrived;

  function offer() {
    const message = arrived && arrived.id > sentAfter ? arrived : undefined;
    $('offer').hidden = !message || $('screen-code').hidden || $('code').value !== '';
    if (!message) return;
    $('offer-from').textContent = message.channel === 'email' ? 'From Mail' : 'From Messages';
    $('offer-code').textContent = message.pin;
  }

  $('offer-fill').addEventListener('click', () => fillIn(arrived.pin));
  $('code').addEventListener('input', offer);

  number.input.addEventListener('input', () => fault(number.input, $('number-error'), ''));
  $('screen-number').hidden = false;

  return {
    /** Tells of a message on the phone. */
    message(message) {
      newest = Math.max(newest, message.id);
      const { phoneNumber, email } = current.recipient;
      if (digits(message.to) !== digits(phoneNumber ?? email ?? '-')) return;
      arrived = message;
      offer();
    },
    /** Takes the whole outbox: after a restart of the program, messages are numbered anew. */
    outbox(messages) {
      newest = 0;
      arrived = undefined;
      sentAfter = Math.min(sentAfter, messages.at(-1)?.id ?? 0);
      messages.forEach((message) => this.message(message));
      offer();
    },
    /** Fills a code in, if there is a field for it. */
    fillIn(code) {
      if ($('screen-code').hidden) return false;
      fillIn(code);
      return true;
    },
  };
}
