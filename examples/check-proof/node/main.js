// Shows how a backend checks proofs of verification; check.js is what to copy. It reads
// one JSON object a line, {"proof", "phoneNumber", "nonce"}, and prints a verdict for each.
//
//   ISSUER=http://localhost:3000 AUDIENCE=http://localhost:3000 node main.js
import { createInterface } from 'node:readline';

import { checker } from './check.js';

// For one process. Where there are several, use a table.
const until = new Map();
const used = {
  async first(jti, seconds) {
    if (Date.now() < until.get(jti)) return false;
    until.set(jti, Date.now() + seconds * 1000);
    return true;
  },
};

const check = checker(process.env.ISSUER, process.env.AUDIENCE, used);
for await (const line of createInterface({ input: process.stdin })) {
  const { proof, phoneNumber, nonce } = JSON.parse(line);
  let verdict = 'good';
  try {
    await check(proof, phoneNumber, nonce);
  } catch (error) {
    verdict = `refused: ${error.message}`;
  }
  console.log(JSON.stringify(verdict));
}
