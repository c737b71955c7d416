// The file of messages, as its linter sees it: each message as it will be, and what it takes.

import { $, el } from './dom.js';
import { languageLabel } from './language.js';
import { count } from './sms.js';

const kinds = { sms: 'SMS', voice: 'Call', email: 'E-mail' };

/** @param {{ file: string, report: { messages: any[] } | null }} messages */
export function startTexts({ file, report }) {
  $('texts').hidden = !report;
  if (!report) return;
  const { messages } = report;
  const languages = new Set(messages.map(({ locale }) => locale)).size;
  $('texts-fact').textContent = `${messages.length} in ${count(languages, 'language')}`;
  $('texts-file').textContent = file;
  $('texts-list').append(...messages.map(({ channel, locale, text, characters, encoding, segments, bytes }) => el('li', { 'data-message': `${channel}/${locale}` },
    el('p', { className: 'texts-head' }, el('strong', {}, `${kinds[channel] ?? channel}, ${languageLabel(locale)}`),
      el('span', { className: 'num' }, [
        characters === null ? '' : count(characters, 'character'), encoding, segments === null ? '' : count(segments, 'segment'), bytes === null ? '' : count(bytes, 'byte'),
      ].filter(Boolean).join(', '))),
    text === null ? el('p', { className: 'small muted' }, 'Infobip keeps its text.') : el('p', { className: 'bubble', dir: 'auto', lang: locale }, text))));
}
