// What a developer should know of a message: how it is coded, how many parts it is paid as, and whether a browser
// would fill its code in.

/** The basic alphabet of GSM 03.38. Each of its characters takes one septet. */
const basic = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');

/** Its extension: an escape and a character, so two septets. */
const extension = new Set('\f^{}\\[~]|€');

/** What one message carries, and one part of a longer one, by encoding. */
const room = {
  'GSM-7': { single: 160, part: 153 },
  'UCS-2': { single: 70, part: 67 },
};

/**
 * @param {string} text
 * @returns {{ encoding: 'GSM-7' | 'UCS-2', characters: number, segments: number, room: number, cause: string }}
 *   characters as they count (an extension character and an emoji are two), room in all segments together, and
 *   the first character that made it UCS-2
 */
export function measure(text) {
  const cause = [...text].find((character) => !basic.has(character) && !extension.has(character)) ?? '';
  const encoding = cause ? 'UCS-2' : 'GSM-7';
  const sizes = [...text].map((character) => (cause ? character.length : extension.has(character) ? 2 : 1));
  const characters = sizes.reduce((sum, size) => sum + size, 0);
  const { single, part } = room[encoding];
  if (characters <= single) return { encoding, characters, segments: 1, room: single, cause };
  // A character that takes two is never split between two parts.
  let segments = 1;
  let filled = 0;
  for (const size of sizes) {
    if (filled + size > part) {
      segments++;
      filled = 0;
    }
    filled += size;
  }
  return { encoding, characters, segments, room: segments * part, cause };
}

/** A message of one part with this many bytes at most is filled in by iOS, Android and Chrome alike. */
const webOTPBytes = 140;

/**
 * Says whether a browser on a phone would offer the code for a page of this host, and if not, why. The last line has to be
 * `@host #code` (WICG, Origin-bound one-time codes delivered via SMS).
 * @param {string} text
 * @param {string} pin
 * @param {string} host of the page that has the field
 * @returns {{ right: boolean, why: string }}
 */
export function webOTP(text, pin, host) {
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
  const { encoding, characters } = measure(text);
  const bytes = encoding === 'UCS-2' ? characters * 2 : Math.ceil(characters * 7 / 8);
  if (bytes > webOTPBytes) return { right: false, why: `the message has ${bytes} bytes; over ${webOTPBytes} it comes in parts` };
  return { right: true, why: `for pages of ${bound}` };
}
