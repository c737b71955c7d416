// The number field: a country and a national number, or an international one that sets the country.

import { AsYouType, getCountries, getCountryCallingCode, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import examples from 'libphonenumber-js/examples.mobile.json';

import { tidyNumber } from '../otp.js';
import { $, el } from './dom.js';
import { regionsOf } from './language.js';

const regionNames = new Intl.DisplayNames(['en'], { type: 'region' });

/** The country of a browser's language, for a start. A person sees it and can change it. */
function likelyCountries() {
  const known = new Set(getCountries());
  return regionsOf(navigator.languages ?? []).filter((region) => known.has(region));
}

/**
 * Makes the field work.
 * @returns {{ value: () => string, shown: () => string, input: HTMLInputElement }}
 */
export function numberField() {
  const input = $('number');
  const select = $('country');
  const named = getCountries().map((country) => ({ country, name: regionNames.of(country) ?? country, calling: getCountryCallingCode(country) }));
  named.sort((one, other) => one.name.localeCompare(other.name, 'en'));
  select.append(...named.map(({ country, name, calling }) => el('option', { value: country }, `${name} (+${calling})`)));

  function chose(country) {
    select.value = country;
    $('country-face').textContent = `${country} +${getCountryCallingCode(country)}`;
    const example = getExampleNumber(country, examples);
    $('number-hint').textContent = example ? `For example ${example.formatNational()}` : '';
  }

  chose(likelyCountries()[0] ?? 'US');

  select.addEventListener('change', () => {
    chose(select.value);
    // An international number says its country itself; with another country chosen, its national part stays.
    const number = parsed();
    if (input.value.trim().startsWith('+')) input.value = number ? new AsYouType(select.value).input(number.nationalNumber) : '';
    input.focus();
  });

  input.addEventListener('input', (event) => {
    const typed = event.inputType === 'insertText' || event.inputType === 'insertCompositionText';
    const removed = event.inputType?.startsWith('delete');
    const tidy = tidyNumber(input.value);
    if (!/^\+?\d*$/.test(tidy)) return; // the server says what is wrong with letters
    if (tidy.startsWith('+')) {
      const reader = new AsYouType();
      reader.input(tidy);
      const country = reader.getCountry();
      if (country && country !== select.value) chose(country);
    } else if (!typed && !removed) {
      placeNational(tidy);
    }
    // Only at the end: formatting moves the cursor, and what is being removed stays as it is.
    if (!removed && input.selectionStart === input.value.length) input.value = new AsYouType(tidy.startsWith('+') ? undefined : select.value).input(tidy);
  });

  /**
   * A whole national number came from the browser's memory or the clipboard. Where it is none of the chosen country but one
   * of a country whose language the person reads, the picker goes there.
   */
  function placeNational(tidy) {
    const fits = (country) => parsePhoneNumberFromString(tidy, country)?.isValid();
    if (fits(select.value)) return;
    const others = new Set(likelyCountries().filter(fits));
    if (others.size === 1) chose([...others][0]);
  }

  function parsed() {
    const tidy = tidyNumber(input.value);
    return /^\+?\d+$/.test(tidy) ? parsePhoneNumberFromString(tidy, select.value) : undefined;
  }

  return {
    input,
    /** What is sent: E.164 where it can be, else what was typed, for the server to judge. */
    value() {
      const number = parsed();
      if (number) return number.number;
      const tidy = tidyNumber(input.value);
      return /^\d+$/.test(tidy) ? `+${getCountryCallingCode(select.value)}${tidy}` : tidy;
    },
    shown: () => parsed()?.formatInternational() ?? input.value,
  };
}

/** Writes a number of the outbox for people: its digits may come without a plus. */
export function formatNumber(to) {
  if (to.includes('@')) return to;
  return parsePhoneNumberFromString(to.startsWith('+') ? to : `+${to}`)?.formatInternational() ?? to;
}
