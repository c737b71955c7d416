// The screen between a number and its code where the service asks for a challenge. A page of yours shows its vendor's widget
// there; this one loads nothing from anywhere, so it has a field for what a widget would have made.

import { $, fault } from './dom.js';

/**
 * @param {(screen: string, focus: HTMLElement) => void} show
 * @param {(button: HTMLElement, doing: string, request: () => Promise<any>) => Promise<any>} run one request at a time
 */
export function challengeScreen(show, run) {
  const [form, token, wrong] = [$('screen-challenge'), $('challenge'), $('challenge-error')];
  let solved = async () => {};

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    solved();
  });

  return {
    /**
     * Asks for a solved challenge, and repeats with it what was refused.
     * @param {import('../otp.js').Refusal<any>} refusal
     * @param {import('./refusals.js').Words} words for a token that did not pass
     * @param {(result: any) => void} settle takes what the repeat comes to
     * @param {{ label: string, go: () => void }} back
     */
    ask(refusal, words, settle, back) {
      const again = !form.hidden;
      $('challenge-back').textContent = back.label;
      $('challenge-back').onclick = back.go;
      solved = async () => {
        fault(token, wrong, '');
        const result = await run(form.querySelector('.primary'), 'Checking…', () => refusal.again({ challengeToken: token.value.trim() }));
        if (result) settle(result);
      };
      fault(token, wrong, again ? words.title : '');
      if (again) token.focus();
      else show('screen-challenge', $('challenge-title'));
    },
  };
}
