// What a developer wants to do to the world: faults by name, time, and a fresh start.

import { $, el, say } from './dom.js';
import { control } from './live.js';

/** The faults by name. Each is one or more faults of the control listener. */
const named = [
  { name: 'slow', title: 'Slow', text: 'answers after 3 seconds', faults: [{ operation: '*', delay: '3s' }] },
  { name: 'not-sent', title: 'Not send', text: 'takes the message and drops it', faults: [{ operation: 'send', smsStatus: 'MESSAGE_NOT_SENT' }] },
  { name: 'wrong', title: 'Say wrong', text: 'calls a right code wrong', faults: [{ operation: 'verify', pinError: 'WRONG_PIN' }] },
  { name: 'expired', title: 'Say expired', text: 'calls a live code expired', faults: [{ operation: 'verify', pinError: 'TTL_EXPIRED' }] },
  { name: 'throttled', title: 'Throttle', text: 'answers 429', faults: [{ operation: '*', status: 429 }] },
  { name: 'down', title: 'Break', text: 'answers 503', faults: [{ operation: '*', status: 503 }] },
  { name: 'lost', title: 'Lose its answer', text: 'does it, and hangs up', faults: [{ operation: '*', drop: 'after' }] },
  { name: 'gateway-throttled', title: 'Throttle', text: 'answers 429 itself', faults: [{ operation: 'gateway', status: 429 }], gateway: true },
  { name: 'gateway-lost', title: 'Give up', text: 'answers 504, and it is done', faults: [{ operation: 'gateway', status: 504, effect: true }], gateway: true },
];

const mostListed = 20;

const advances = [['30s', '+30 s'], ['3m', '+3 min'], ['11m', '+11 min'], ['1d', '+1 day']];

/**
 * @param {string[]} operations that a fault can meet
 * @param {boolean} gateway whether there is one that can be made to fail
 * @param {(milliseconds: number) => void} moved is told by how much the clock was moved forward
 */
export function startWorld(operations, gateway, moved) {
  const offered = named.filter((one) => (gateway || !one.gateway) && one.faults.every(({ operation }) => operation === '*' || operations.includes(operation)));
  const buttons = new Map(offered.map(({ name, title, text, faults }) => [name,
    el('button', { type: 'button', className: 'fault', 'data-fault': name, onclick: () => add(title, faults) },
      el('strong', {}, title), el('span', {}, text))]));
  for (const one of offered) $(one.gateway ? 'gateway-faults' : 'faults').append(el('li', {}, buttons.get(one.name)));
  $('gateway-faults-title').hidden = !offered.some((one) => one.gateway);

  async function add(title, faults) {
    const times = Number(document.querySelector('input[name="times"]:checked').value);
    try {
      for (const fault of faults) await control('POST', '/faults', { ...fault, times });
      say(`${title}: ${times === 1 ? 'the next call' : 'until cleared'}`);
    } catch (error) {
      trouble(error);
    }
    readFaults();
  }

  // Of several readings under way, the last that was asked for counts.
  let readings = 0;

  async function readFaults() {
    const mine = ++readings;
    const active = await control('GET', '/faults');
    if (mine !== readings) return;
    $('active').hidden = active.length === 0;
    $('active-list').replaceChildren(
      ...active.slice(0, mostListed).map((fault) => el('li', {}, describe(fault))),
      ...(active.length > mostListed ? [el('li', {}, `and ${active.length - mostListed} more`)] : []));
    for (const { name, faults } of offered) {
      buttons.get(name).setAttribute('aria-pressed', String(faults.every((fault) => active.some((one) => covers(one, fault)))));
    }
  }

  $('faults-clear').addEventListener('click', async () => {
    await control('DELETE', '/faults');
    $('faults').querySelector('button').focus();
    readFaults();
    say('No faults');
  });

  // --- Time. The clock shown is the simulator's; between two readings it runs as ours does.

  let read = { at: 0, now: 0 };
  let ahead = 0;

  let clockReadings = 0;

  async function readClock() {
    const mine = ++clockReadings;
    const { now } = await control('GET', '/clock');
    if (mine !== clockReadings) return;
    const at = performance.now();
    const time = Date.parse(now);
    if (read.now) {
      // More than the call took was not time that passed.
      const jump = time - read.now - (at - read.at);
      if (jump > 1000) moved(jump);
    }
    read = { at, now: time };
    ahead = time - Date.now();
    show();
  }

  let tick;
  function show() {
    const time = new Date(read.now + performance.now() - read.at);
    clearTimeout(tick);
    tick = setTimeout(show, 1001 - time.getMilliseconds());
    const text = time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    $('clock-now').textContent = ahead > 1000 ? `${text}, ${spell(ahead)} ahead` : text;
    $('phone-time').textContent = text.slice(0, 5);
  }

  $('advances').append(...advances.map(([by, label]) => el('button', {
    type: 'button', className: 'secondary compact',
    onclick: async () => {
      await control('POST', '/clock', { advance: by });
      say(`The clock went forward: ${label}`);
    },
  }, label)));

  $('reset').addEventListener('click', async () => {
    await control('POST', '/reset');
    say('Everything is forgotten');
  });

  return { readFaults, readClock };
}

/** Shows an error of the page's own, as a line at its top. */
export function trouble(error) {
  const line = $('trouble');
  line.textContent = error instanceof Error ? error.message : String(error);
  line.hidden = false;
  setTimeout(() => { line.hidden = true; }, 8000);
}

/** Whether an active fault is the one that a button makes. */
function covers(active, fault) {
  return Object.entries(fault).every(([name, value]) => active[name] === value);
}

function describe(fault) {
  const { operation, times, ...rest } = fault;
  const what = Object.entries(rest).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
  return `${operation === '*' ? 'any call' : operation}: ${what || 'nothing'}${times === 0 ? '' : ` (${times}×)`}`;
}

function spell(milliseconds) {
  const minutes = Math.round(milliseconds / 60000);
  if (minutes < 1) return `${Math.round(milliseconds / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
