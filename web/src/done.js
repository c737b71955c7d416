// The screen of success, with what the proof says and whether its signature is right.

import { Countdown } from '../otp.js';
import { $, copy, el } from './dom.js';
import { checkSignature, decode, meanings, written } from './proof.js';

/**
 * @param {(screen: string, focus: HTMLElement) => void} show
 * @param {(countdown: Countdown, timer: HTMLElement, ended: () => void) => void} runDown until the screen is left
 * @param {string} gateway whose keys the signature is checked with
 * @param {() => number} now the clock of the countdown
 */
export function doneScreen(show, runDown, gateway, now) {
  return {
    /**
     * @param {string} who as the person has typed it
     * @param {string | undefined} proof of a service that makes any
     */
    show(who, proof) {
      $('done-who').textContent = who;
      const read = proof === undefined ? null : decode(proof);
      $('proof').hidden = !read;
      $('no-proof').hidden = proof !== undefined;
      show('screen-done', $('done-title'));
      if (!read) return;
      $('claims').replaceChildren(...Object.entries(read.claims).map(([name, value]) => el('div', {},
        el('dt', { className: 'mono' }, name),
        el('dd', {}, el('span', { className: 'mono value' }, written(name, value)), meanings[name] ? el('span', { className: 'meaning' }, meanings[name]) : null))));
      runDown(new Countdown(Math.max(0, read.claims.exp - read.claims.iat), now), $('proof-left'), () => { $('proof-left').textContent = 'no longer: it has ended'; });
      $('proof-signature').textContent = 'Checking its signature…';
      checkSignature(proof, gateway).then(({ right, text }) => {
        $('proof-signature').textContent = text;
        $('proof-signature').dataset.right = right ? 'yes' : 'no';
      });
      $('proof-copy').onclick = () => copy(proof, $('proof-copy'));
    },
  };
}
