// Runs the 2FA flow of the Node SDK against a simulator and prints, as one JSON
// object, the status and body of each step. It judges nothing: the Go test that
// starts it does. Arguments: API address, control address, key, number.
'use strict';

const { Infobip, AuthType } = require('@infobip-api/sdk');

const [apiURL, controlURL, apiKey, number] = process.argv.slice(2);
const steps = {};

// The SDK returns errors instead of throwing them.
async function step(name, promise) {
  const result = await promise;
  const response = result.response ?? result;
  if (response.status === undefined) {
    throw new Error(`${name}: ${result.message}`);
  }
  steps[name] = { status: response.status, data: response.data };
  return response.data;
}

async function control(path, body) {
  const request = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(controlURL + path, request);
  if (!response.ok) {
    throw new Error(`${path}: ${response.status}`);
  }
  return response.json();
}

async function main() {
  const twoFA = new Infobip({ baseUrl: apiURL, apiKey, authType: AuthType.ApiKey }).service.twoFA;

  const app = await step('createApplication', twoFA.createApplication({ name: 'sign-up' }));
  const appId = app.applicationId;
  await step('getApplication', twoFA.getApplication(appId));
  await step('updateApplication', twoFA.updateApplication(appId, { name: 'login', enabled: true }));
  await step('getApplications', twoFA.getApplications());

  const template = { messageText: 'Your code is {{pin}}', pinType: 'NUMERIC', pinLength: 6, senderId: 'InfoSMS' };
  const message = await step('createMessageTemplate', twoFA.createMessageTemplate(appId, template));
  const messageId = message.messageId;
  await step('getMessageTemplate', twoFA.getMessageTemplate(appId, messageId));
  await step('updateMessageTemplate', twoFA.updateMessageTemplate(appId, messageId, { pinLength: 8 }));
  await step('getMessageTemplates', twoFA.getMessageTemplates(appId));

  // Without the flag the SDK posts to /pin/?ncNeeded=undefined.
  const request = { applicationId: appId, messageId, to: number };
  const sent = await step('sendPINCodeSMS', twoFA.sendPINCodeSMS(request));
  await step('sendPINCodeSMSWithLookup', twoFA.sendPINCodeSMS({ ...request, to: '+' + number }, true));
  await step('resendPINCodeSMS', twoFA.resendPINCodeSMS(sent.pinId));
  const called = await step('sendPINCodeVoice', twoFA.sendPINCodeVoice(request));
  await step('resendPINCodeVoice', twoFA.resendPINCodeVoice(called.pinId, {}));
  await step('sendBeyondTheLimit', twoFA.sendPINCodeSMS(request, false));

  const outbox = await control('/outbox?to=' + number);
  const pin = outbox.find((row) => row.pinId === sent.pinId).pin;
  await step('verifyWrong', twoFA.verifyPhoneNumber(sent.pinId, { pin: 'x' }));
  await control('/clock', { advance: '3s' });
  await step('verifyRight', twoFA.verifyPhoneNumber(sent.pinId, { pin }));
  await step('verifyUnknown', twoFA.verifyPhoneNumber('NOBODYS', { pin }));

  // The SDK asks /verifications/?msisdn=…
  await step('getVerificationStatus', twoFA.getVerificationStatus(appId, { msisdn: number, verified: true }));

  console.log(JSON.stringify({ steps, pinLength: pin.length }));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
