// The language of a message: which one a person asks for, and which one they get where nobody wrote it.

import { $, el } from './dom.js';

const names = new Intl.DisplayNames(['en'], { type: 'language' });

/**
 * @typedef {object} Locale
 * @property {string} tag what a request names; empty for the default, whatever that is
 * @property {boolean} written whether a message is
 * @property {Record<string, string>} found the languages of what is sent, by channel
 */

/** Writes a tag for people: German. A tag of no language that this browser knows is shown as it is. */
export function languageName(tag) {
  if (tag === '') return 'the default language';
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag; // right for the service, and more than a browser names: de-x-formal in some of them
  }
}

/** Writes it with its tag: German (de). */
export function languageLabel(tag) {
  return tag === '' ? 'The default' : `${languageName(tag)} (${tag})`;
}

const kinds = { sms: 'text message', voice: 'phone call', email: 'e-mail' };

/**
 * Makes the picker work.
 * @param {{ default: string, locales: Locale[] }} messages
 */
export function languageField({ default: standard, locales }) {
  const select = $('locale');
  $('locale-field').hidden = locales.length === 0;
  select.append(...locales.map(({ tag, written }) => el('option', { value: tag }, written ? languageLabel(tag) : `${languageLabel(tag)}: nobody wrote it`)));
  select.value = likely(locales, navigator.languages ?? []) ?? standard;

  let channel = '';
  function show() {
    const { tag, found } = locales.find((one) => one.tag === select.value) ?? { tag: '', found: {} };
    const got = found[channel];
    $('locale-hint').textContent = got === undefined || got === tag ? '' : `No ${kinds[channel] ?? 'message'} is written in ${languageName(tag)}. It comes in ${languageName(got)}.`;
  }
  select.addEventListener('change', show);

  return {
    /** Says what the language comes to by a channel. */
    show(by) {
      channel = by;
      show();
    },
    /** What a request says of it. */
    chosen: () => (locales.length > 0 && select.value ? { locale: select.value } : {}),
  };
}

/**
 * Finds the first of a person's languages that there is.
 * @param {Locale[]} locales
 * @param {readonly string[]} languages as the browser has them
 */
export function likely(locales, languages) {
  const written = locales.filter((one) => one.written).map(({ tag }) => tag);
  for (const wanted of languages) {
    const found = written.find((tag) => tag === wanted) ?? written.find((tag) => tag === wanted.split('-')[0]);
    if (found) return found;
  }
  return undefined;
}

/**
 * Finds the regions of a person's languages, likely ones where a tag names none. What is no tag has none: a browser
 * under LANG=C speaks en-US@posix.
 * @param {readonly string[]} languages as the browser has them
 * @returns {string[]}
 */
export function regionsOf(languages) {
  return languages.flatMap((tag) => {
    try {
      return new Intl.Locale(tag).maximize().region ?? [];
    } catch {
      return [];
    }
  });
}
