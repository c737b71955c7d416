// The drawn phone and the mailbox: every message to anybody, newest first, and what a developer should know of each.

import { $, copy, el, icon, say } from './dom.js';
import { languageLabel } from './language.js';
import { control } from './live.js';
import { formatNumber } from './number.js';
import { coding, count, length, webOTP } from './sms.js';

const icons = {
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  fill: 'M2.5 4.5h11v7h-11zM5 8h.01M8 8h.01M11 8h.01',
  remove: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4',
  call: 'M3 2.5h2.5l1.2 3.2-1.5 1a8 8 0 0 0 4.1 4.1l1-1.5 3.2 1.2V13a.8.8 0 0 1-.8.8A11.5 11.5 0 0 1 2.2 3.3a.8.8 0 0 1 .8-.8z',
};

/** Shown at once in each; older ones are found by searching. */
const mostShown = 100;

/** E-mails arrive in the mailbox, the rest at the phone. */
const isMail = ({ channel }) => channel === 'email';

/**
 * @param {Record<string, { channel: string, locale: string }>} templates by their ids
 * @param {boolean} mails whether there is a mailbox before anything is in it
 * @param {(code: string) => boolean} fillIn puts a code into the flow, and says whether there was a field for it
 */
export function startPhone(templates, mails, fillIn) {
  /** @type {Map<number, any>} */
  const messages = new Map();
  /** @type {Map<number, HTMLElement>} */
  const drawn = new Map();

  function matches({ to, text, pin, sender }, wanted) {
    const bare = wanted.replace(/[^\d@a-z]/gi, '').toLowerCase();
    if (wanted.trim() === '') return true;
    if (bare && to.toLowerCase().replace(/[^\d@a-z]/gi, '').includes(bare)) return true;
    return [text, pin, sender].some((part) => part.toLowerCase().includes(wanted.trim().toLowerCase()));
  }

  function draw() {
    const wanted = $('search').value;
    const found = [...messages.values()].filter((message) => matches(message, wanted)).sort((one, other) => other.id - one.id);
    place('messages', found, (one) => !isMail(one), 'No messages yet. Ask for a code, and it arrives here.', 'No message like this.');
    place('mail', found, isMail, 'No e-mail yet.', 'No e-mail like this.');
    $('mailbox').hidden = !mails && ![...messages.values()].some(isMail);
    $('messages-clear').hidden = messages.size === 0;
  }

  /** Shows those of what was found that belong to a list. */
  function place(list, found, belongs, none, noneFound) {
    const these = found.filter(belongs);
    $(list).replaceChildren(...these.slice(0, mostShown).map(cardOf));
    $(`${list}-empty`).hidden = these.length > 0;
    $(`${list}-empty`).textContent = [...messages.values()].some(belongs) ? noneFound : none;
  }

  function cardOf(message) {
    let card = drawn.get(message.id);
    if (!card) {
      card = draft(message);
      drawn.set(message.id, card);
    }
    return card;
  }

  function draft(message) {
    const { id, to, channel, sender, text, pin, at, messageId } = message;
    const call = channel === 'voice';
    const who = sender || 'Unknown sender';
    const copying = el('button', { type: 'button', className: 'tool', onclick: () => copy(pin, copying.lastChild) }, icon(icons.copy), el('span', {}, 'Copy PIN'));
    const filling = el('button', {
      type: 'button', className: 'tool tool-fill',
      onclick: () => { if (!fillIn(pin)) say('There is no code field at the moment'); },
    }, icon(icons.fill), 'Fill in');
    const removing = el('button', {
      type: 'button', className: 'tool', 'aria-label': `Delete the message to ${formatNumber(to)}`,
      onclick: () => remove(id),
    }, icon(icons.remove));
    const locale = templates[messageId]?.locale;
    return el('li', { className: `message ${channel}`, 'data-id': id },
      el('div', { className: 'message-head' },
        el('strong', {}, call ? icon(icons.call) : null, who),
        el('time', { dateTime: at, className: 'num' }, clockTime(at)),
        el('span', { className: 'to num' }, `to ${formatNumber(to)}`)),
      call ? el('p', { className: 'spoken' }, 'Spoken:') : null,
      el('p', { className: 'bubble', dir: 'auto', lang: locale || undefined }, ...marked(text, pin)),
      el('dl', { className: 'facts' }, ...factsOf(message, locale).map(([name, value, good]) => el('div', { 'data-good': good },
        el('dt', {}, name), el('dd', {}, value)))),
      el('div', { className: 'tools' }, copying, filling, removing));
  }

  async function remove(id) {
    await control('DELETE', `/outbox?id=${id}`);
    messages.delete(id);
    drawn.delete(id);
    draw();
    $('search').focus();
    say('Deleted');
  }

  $('search').addEventListener('input', draw);
  $('messages-clear').addEventListener('click', async () => {
    await control('DELETE', '/outbox');
    messages.clear();
    drawn.clear();
    draw();
    $('search').focus();
  });

  draw();
  return {
    add(message) {
      messages.set(message.id, message);
      draw();
    },
    /** Takes the whole outbox in place of what is shown. */
    replace(outbox) {
      messages.clear();
      drawn.clear();
      for (const message of outbox) messages.set(message.id, message);
      draw();
    },
  };
}

/** Splits a text so that the code in it stands out. */
function marked(text, pin) {
  const parts = pin ? text.split(pin) : [text];
  return parts.flatMap((part, i) => (i === 0 ? [part] : [el('mark', {}, pin), part]));
}

function clockTime(at) {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

function factsOf({ channel, text, pin, sender, messageId, language, size }, locale) {
  const facts = [];
  const characters = count([...text].length, 'character');
  if (channel === 'sms') {
    facts.push(['SMS', length(size)], ['Encoding', coding(size)]);
    const { right, why } = webOTP(text, pin, location.hostname, size.bytes);
    facts.push(['WebOTP', right ? `right, ${why}` : `no: ${why}`, right ? 'yes' : 'no']);
  } else if (channel === 'voice') {
    facts.push(['Call', `${characters}, spoken, so there is nothing to fill in`]);
  } else if (text === pin) {
    facts.push(['E-mail', 'its text is kept by Infobip, so only the code is here']);
  } else {
    facts.push(['E-mail', `${characters}; Infobip keeps the text that people get`]);
  }
  if (locale) facts.push(['Language', languageLabel(locale)]);
  facts.push(['Sender', sender || 'none']);
  facts.push(['Template', language ? `${short(messageId)}, ${language}` : short(messageId)]);
  return facts;
}

/** Ids of Infobip are long; their beginning is enough to tell them apart. */
function short(id) {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id;
}
