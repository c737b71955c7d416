import { createRemoteJWKSet, jwtVerify } from 'jose';

const leeway = 5;
// PIN_TTL + PROOF_TTL, as the service is deployed, and the leeway: in seconds.
const keep = 600 + 300 + leeway;

// Checks proofs of one service for one audience: yours. `used.first(jti, seconds)`
// resolves to whether this is its first call with that jti, and keeps it for so long: one
// conditional write, so that of two calls at once one is the first.
export function checker(issuer, audience, used) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

  // Throws unless the proof is good for this session: it is about the phone number that
  // the session claims, and holds the nonce that this session was given.
  return async function check(proof, phoneNumber, nonce) {
    const { payload } = await jwtVerify(proof, keys, {
      issuer,
      audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'jti', 'phone_number', 'nonce'],
      clockTolerance: leeway,
    });
    if (payload.phone_number !== phoneNumber) throw new Error('the proof is about another phone number');
    if (payload.nonce !== nonce) throw new Error('the proof is of another session');
    if (!(await used.first(payload.jti, keep))) throw new Error('the proof was used before');
  };
}
