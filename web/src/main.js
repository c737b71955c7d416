// The console page: a person's screens, their phone, and the world around them.

import { $, say } from './dom.js';
import { startFlow } from './flow.js';
import { control, listen } from './live.js';
import { startLog } from './log.js';
import { formatNumber } from './number.js';
import { startPhone } from './phone.js';
import { startTexts } from './texts.js';
import { startWorld, trouble } from './world.js';

async function start() {
  const [facts, messages] = await Promise.all([control('GET', '/config'), control('GET', '/messages')]);
  const { gateway, simulator, realProvider } = facts;
  document.body.dataset.kind = realProvider ? 'real' : gateway ? 'both' : 'simulator';
  $('gateway-fact').textContent = gateway ? `gateway ${gateway.replace('http://', '')}` : `simulated Infobip ${simulator.api.replace('http://', '')}`;

  // Time in the flow is monotonic, and goes along when the simulator's clock is moved.
  let moved = 0;
  const now = () => performance.now() + moved;

  const log = startLog(facts);
  const flow = gateway ? startFlow(facts, messages, now) : { message() {}, outbox() {}, fillIn: () => false };
  $('person').hidden = !gateway;

  startTexts(messages);
  const phone = simulator ? startPhone(messages.templates, facts.channels.includes('email'), flow.fillIn) : undefined;
  const world = simulator ? startWorld(simulator.operations, gateway !== '', (by) => { moved += by; }) : undefined;
  $('devices').hidden = !simulator;
  $('real-phone').hidden = Boolean(simulator);
  $('controls').hidden = !simulator;
  if (!simulator) {
    $('phone-lead').textContent = 'The one in their hand.';
    $('world-lead').textContent = 'What was said to the gateway, without anything secret.';
  }

  /** What has happened while everything was being read. @type {(() => void)[] | undefined} */
  let meanwhile;
  let again = false;

  /** Does what an event asks for. An answer that is under way may be older than the event, so it is done again after it. */
  function happen(what) {
    what();
    meanwhile?.push(what);
  }

  /** Reads everything: at the start, after the connection was lost, and when something was forgotten. */
  async function read() {
    if (meanwhile) {
      again = true;
      return;
    }
    meanwhile = [];
    try {
      const [exchanges, outbox] = await Promise.all([control('GET', '/exchanges'), simulator ? control('GET', '/outbox') : []]);
      log.replace(exchanges);
      phone?.replace(outbox);
      flow.outbox(outbox);
      meanwhile.forEach((what) => what());
      if (world) await Promise.all([world.readFaults(), world.readClock()]);
    } catch (error) {
      trouble(error);
    } finally {
      meanwhile = undefined;
    }
    if (again) {
      again = false;
      read();
    }
  }

  listen({
    connected(yes) {
      $('live').dataset.live = yes ? 'yes' : 'no';
      $('live').textContent = yes ? 'live' : 'not connected';
    },
    read,
    message(message) {
      happen(() => {
        phone?.add(message);
        flow.message(message);
      });
      say(`${{ voice: 'A call', email: 'An e-mail' }[message.channel] ?? 'A message'} to ${formatNumber(message.to)}`);
    },
    exchange(exchange) {
      happen(() => log.add(exchange));
      if (exchange.state !== 'open') world?.readFaults().catch(trouble);
    },
    change(path) {
      if (path === '/clock') world.readClock().catch(trouble);
      else if (path === '/faults') world.readFaults().catch(trouble);
      else read();
    },
  });

  $('main').hidden = false;
}

start().catch(trouble);
