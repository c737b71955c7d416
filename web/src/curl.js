/** Quotes a word for a POSIX shell. */
export function quote(word) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Headers that curl sets itself, or that only a browser has. */
const left = /^(host|content-length|connection|accept|accept-encoding|accept-language|user-agent|origin|referer|sec-.*|priority|dnt|cache-control|pragma)$/i;

/** What stands in the log for a credential. */
const masked = '•••';

/**
 * Writes an exchange as the curl command that repeats it.
 * @param {{ method: string, url: string, request: { header: [string, string][], body: string } }} exchange
 * @param {string} base the address of who was called
 */
export function curlOf({ method, url, request }, base) {
  const words = ['curl', '-i'];
  if (method !== 'GET' && method !== 'POST') words.push('-X', method);
  words.push(quote(base + url));
  const lines = [words.join(' ')];
  for (const [name, value] of request.header) {
    if (left.test(name)) continue;
    // The log has no credentials, so the command asks the shell for them. Whatever else ends so is a
    // stranger's, and stands in quotes in which a shell runs nothing.
    const known = value.endsWith(masked) ? value.slice(0, -masked.length) : value;
    lines.push(`-H ${quote(`${name}: ${known}`)}${known === value ? '' : '"$KEY"'}`);
  }
  if (request.body) lines.push(`-d ${quote(request.body)}`);
  else if (method === 'POST') lines[0] += ' -X POST';
  return lines.join(' \\\n  ');
}
