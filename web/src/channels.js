// The words of each channel, on the screens of the flow.

const channels = {
  sms: { option: 'Text message', how: 'We sent it by text to', instead: 'Text me instead', button: 'Send code' },
  voice: { option: 'Phone call', how: 'We are calling', instead: 'Call me instead', button: 'Call me' },
  email: { option: 'E-mail', how: 'We sent it to', instead: 'Send me an e-mail instead', button: 'Send code' },
};

/** A channel that the service has and this page does not know goes by its name. */
export function wordsOf(channel) {
  return channels[channel] ?? { option: channel, how: `We sent it by ${channel} to`, instead: `Send it by ${channel}`, button: 'Send code' };
}
