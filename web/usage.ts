// Held by the type checker alone: what a front end may rely on, and what must not compile.

import { Countdown, codes, createClient, formatSeconds, receiveCode, tidyCode, tidyNumber } from './otp.js';
import type { Client, Refusal, Sent, ServiceCode, VerifyResult } from './otp.js';

const client: Client = createClient({ baseUrl: 'https://api.example.com', timeout: 25_000, patience: 3 });

export async function flow(typed: string, code: string): Promise<string | undefined> {
  const sent = await client.send({ phoneNumber: tidyNumber(typed), channel: 'voice', locale: 'de' }, { signal: new AbortController().signal });
  if (!sent.ok) return explain(sent);
  const stop: () => void = sent.resend.each((left: number) => formatSeconds(left));
  stop();
  const received: string | null = await receiveCode();
  const checked: VerifyResult = await client.verify({ phoneNumber: typed, pin: received ?? tidyCode(code), verificationId: sent.verificationId });
  return checked.ok ? checked.proof : checked.sentence;
}

/** Every code is a case: a new one that is forgotten here does not compile. */
function explain(refusal: Refusal<Sent>): string {
  switch (refusal.code) {
    case 'address_limited': case 'number_limited': case 'too_soon': case 'traffic_limited': case 'budget_exhausted':
    case 'provider_throttled': case 'busy': case 'unavailable':
      return `${refusal.retryAfter.toFixed()} ${refusal.wait.left}`;
    case 'invalid_or_expired':
      return `${refusal.state ?? ''} ${refusal.attemptsRemaining ?? ''}`;
    case 'send_failed': case 'send_unconfirmed': case 'verify_failed': case 'proof_failed': case 'internal':
      return refusal.wait?.over ? '' : refusal.sentence;
    case 'challenge_required':
      void refusal.again({ challengeToken: 'solved' }).then((result) => result.ok && result.verificationId);
      return '';
    case 'idempotency_key_in_use': case 'no_answer': case 'foreign_answer':
      return '';
    case 'unknown_code':
      return refusal.word;
    case 'body_invalid': case 'field_unknown': case 'field_type': case 'phone_number_required': case 'phone_number_invalid':
    case 'phone_number_unassigned': case 'phone_number_and_pin_required': case 'email_and_pin_required': case 'pin_invalid':
    case 'verification_id_required': case 'verification_id_invalid': case 'channel_unknown': case 'channel_not_allowed':
    case 'region_not_allowed': case 'line_type_not_allowed': case 'idempotency_key_invalid': case 'idempotency_key_reused':
    case 'idempotency_key_expired': case 'nonce_invalid': case 'client_address_required': case 'origin_refused':
    case 'email_required': case 'email_invalid': case 'recipient_ambiguous': case 'channel_mismatch': case 'locale_invalid':
    case 'not_found': case 'method_not_allowed': case 'body_too_large': case 'content_type_unsupported':
      return refusal.sentence;
    default:
      return refusal satisfies never;
  }
}

const first: ServiceCode = codes[0];
const countdown = new Countdown(30, () => 0);

// @ts-expect-error a recipient is a number or an address
void client.send({});
// @ts-expect-error and not both
void client.send({ phoneNumber: '+14155552671', email: 'jane@example.com' });
// @ts-expect-error there is no such channel
void client.send({ phoneNumber: '+14155552671', channel: 'fax' });
// @ts-expect-error a resend is of something
void client.resend({ phoneNumber: '+14155552671' });
// @ts-expect-error a member that is misspelt
void client.verify({ phoneNumber: '+14155552671', pin: '123456', verificationID: 'x' });
// @ts-expect-error the list is not to be changed
codes.push(first);
// @ts-expect-error nor is what is left
countdown.left = 3;
