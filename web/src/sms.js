// What a developer should know of a message: how many parts it is paid as, and whether a browser would fill its code in.

/**
 * @typedef {object} Size what a text takes, as it was measured where it arrived
 * @property {'GSM-7' | 'UCS-2'} encoding
 * @property {number} characters as the encoding counts them: one of GSM-7's extension and an emoji are two
 * @property {number} segments
 * @property {number} bytes
 * @property {string} outside the characters that made it UCS-2
 */

/** What one message carries, and one part of a longer one, by encoding. */
const room = {
  'GSM-7': { single: 160, part: 153 },
  'UCS-2': { single: 70, part: 67 },
};

/** Writes a number of things: 1 segment, 2 segments. */
export function count(number, what) {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/**
 * Writes how long an SMS is.
 * @param {Size} size
 */
export function length({ encoding, characters, segments }) {
  const { single, part } = room[encoding];
  return `${count(segments, 'segment')}, ${characters} of ${segments === 1 ? single : segments * part} characters`;
}

/** As many characters that make a text UCS-2 are named: one can do without them. More are a script. */
const mostCauses = 3;

/**
 * Writes how it is coded, and which characters are why.
 * @param {Size} size
 */
export function coding({ encoding, bytes, outside }) {
  const causes = [...outside];
  const why = causes.length > 0 && causes.length <= mostCauses ? `, because of ${causes.join(' ')}` : '';
  return `${encoding}, ${bytes} bytes${why}`;
}

/** A message of one part with this many bytes at most is filled in by iOS, Android and Chrome alike. */
const webOTPBytes = 140;

/**
 * Says whether a browser on a phone would offer the code for a page of this host, and if not, why. The last line has to be
 * `@host #code` (WICG, Origin-bound one-time codes delivered via SMS).
 * @param {string} text
 * @param {string} pin
 * @param {string} host of the page that has the field
 * @param {number} bytes that the text takes
 * @returns {{ right: boolean, why: string }}
 */
export function webOTP(text, pin, host, bytes) {
  const last = text.split('\n').at(-1) ?? '';
  const line = /^@(\S+) #(\S+)(?: @(\S+))?$/.exec(last);
  if (!line) {
    if (/^@\S+ #\S+/m.test(text)) return { right: false, why: 'the @host #code line is not the last one' };
    return { right: false, why: 'the last line is not @host #code' };
  }
  const [, bound, code, embedded] = line;
  if (code !== pin) return { right: false, why: `its line has #${code}, which is not the code` };
  if (embedded) return { right: false, why: `it is for a frame of ${embedded} within ${bound}` };
  if (text.split('\n').length < 2 || text.startsWith('@')) return { right: false, why: 'nothing for a person stands before the line' };
  if (bound !== host && !host.endsWith(`.${bound}`)) return { right: false, why: `it is bound to ${bound}, and this page is ${host}` };
  if (bytes > webOTPBytes) return { right: false, why: `the message has ${bytes} bytes; over ${webOTPBytes} it comes in parts` };
  return { right: true, why: `for pages of ${bound}` };
}
