// Reading a proof. A page shows it; a backend is who checks it.

/**
 * Decodes a JWT without checking it.
 * @param {string} token
 * @returns {{ header: Record<string, any>, claims: Record<string, any> } | null}
 */
export function decode(token) {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes(part))));
    const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject(header) && isObject(claims) ? { header, claims } : null;
  } catch {
    return null;
  }
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

/**
 * Checks the signature with the key that the service publishes.
 * @param {string} token
 * @param {string} gateway its base URL
 * @returns {Promise<{ right: boolean, text: string }>}
 */
export async function checkSignature(token, gateway) {
  const read = decode(token);
  if (!read) return { right: false, text: 'It is no JWT.' };
  const { alg, kid } = read.header;
  if (alg !== 'RS256') return { right: false, text: `It is signed with ${alg}, not with RS256.` };
  let key;
  try {
    const response = await fetch(`${gateway}/.well-known/jwks.json`);
    key = (await response.json()).keys.find((candidate) => candidate.kid === kid);
  } catch {
    return { right: false, text: 'The published keys could not be read.' };
  }
  if (!key) return { right: false, text: `No published key is called ${kid}.` };
  const [header, claims, signature] = token.split('.');
  try {
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const imported = await crypto.subtle.importKey('jwk', { kty: key.kty, n: key.n, e: key.e }, rsa, false, ['verify']);
    const right = await crypto.subtle.verify(rsa, imported, bytes(signature), new TextEncoder().encode(`${header}.${claims}`));
    return { right, text: right ? `Its signature is right, by the published key ${kid}.` : `Its signature is wrong for the published key ${kid}.` };
  } catch {
    return { right: false, text: `The published key ${kid} cannot be used.` };
  }
}

/** What each claim means, for who sees one for the first time. */
export const meanings = {
  iss: 'who signed it',
  aud: 'whom it is for',
  sub: 'stands for the number or the address, not for the person',
  phone_number: 'the number that was verified',
  phone_number_verified: '',
  email: 'the address that was verified',
  email_verified: '',
  amr: 'how: a code, and the way it came',
  auth_time: 'when it was verified',
  iat: 'when it was signed',
  exp: 'when it ends',
  jti: 'the verification; take each once',
  nonce: 'yours, from the session that asked',
};

/** Writes a claim for a person; moments as moments. */
export function written(name, value) {
  if (['auth_time', 'iat', 'exp', 'nbf'].includes(name) && Number.isFinite(value)) return new Date(value * 1000).toISOString().replace('.000', '');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
