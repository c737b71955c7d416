// The request log: what was said on both sides, and the last of it as curl.

import { curlOf } from './curl.js';
import { $, copy, el } from './dom.js';

const mostShown = 60;

/** @param {{ gateway: string, simulator: { api: string } | null }} facts */
export function startLog(facts) {
  const bases = { gateway: facts.gateway, infobip: facts.simulator?.api ?? '' };
  /** @type {Map<number, any>} */
  const exchanges = new Map();
  /** @type {Map<number, HTMLDetailsElement>} */
  const drawn = new Map();
  const first = facts.gateway ? '' : firstCurl(facts.simulator);
  let lastCurl = '';

  function draw() {
    const side = document.querySelector('input[name="side"]:checked').value;
    const found = [...exchanges.values()].filter((one) => one.method !== 'OPTIONS' && (!side || one.side === side)).sort((one, other) => other.id - one.id);
    $('log').replaceChildren(...found.slice(0, mostShown).map(rowOf));
    $('log-empty').hidden = found.length > 0;
    $('log-empty').textContent = 'Nothing yet.';
    const last = [...exchanges.values()].filter(({ method, side: whose }) => method === 'POST' && (whose === 'gateway' || !facts.gateway)).at(-1);
    lastCurl = last ? curlOf(last, bases[last.side]) : first;
    $('last-curl').hidden = lastCurl === '';
    $('curl-title').textContent = last ? 'The last one as curl' : 'To send a code';
    $('curl').textContent = lastCurl;
  }

  function rowOf(exchange) {
    const before = drawn.get(exchange.id);
    if (before?.exchange === exchange) return before.row;
    const row = draft(exchange);
    row.firstChild.open = before?.row.firstChild.open ?? false;
    drawn.set(exchange.id, { row, exchange });
    return row;
  }

  function draft(exchange) {
    const { side, at, method, url, status, state, took, request, response } = exchange;
    const copying = el('button', { type: 'button', className: 'quiet', onclick: () => copy(curlOf(exchange, bases[side]), copying) }, 'Copy as curl');
    const outcome = { open: '…', cut: status ? `${status} cut` : 'cut', answered: String(status) }[state];
    return el('li', {}, el('details', { className: 'exchange', 'data-side': side },
      el('summary', {},
        el('span', { className: 'side' }, side === 'gateway' ? 'gateway' : 'Infobip'),
        el('span', { className: 'mono what' }, `${method} ${shortURL(url)}`),
        el('span', { className: 'mono status', 'data-class': state === 'answered' ? String(status)[0] : state }, outcome),
        el('span', { className: 'mono took' }, state === 'open' ? '' : `${took} ms`)),
      el('div', { className: 'exchange-body' },
        el('p', { className: 'exchange-head' }, el('time', { dateTime: at, className: 'mono' }, at), copying),
        el('h4', {}, 'Request'), part(`${method} ${url}`, request, `Request ${method} ${url}`),
        el('h4', {}, 'Answer'), state === 'cut' && !status
          ? el('p', { className: 'small muted' }, 'The connection was cut before an answer.')
          : part(state === 'open' ? 'under way' : String(status), response, `Answer to ${method} ${url}`))));
  }

  for (const choice of $('sides').querySelectorAll('input')) choice.addEventListener('change', draw);
  $('curl-copy').addEventListener('click', () => copy(lastCurl, $('curl-copy')));

  draw();
  return {
    add(exchange) {
      exchanges.set(exchange.id, exchange);
      draw();
    },
    replace(all) {
      exchanges.clear();
      for (const exchange of all) exchanges.set(exchange.id, exchange);
      draw();
    },
  };
}

/** The command to begin with where no gateway is there to send a code. */
function firstCurl({ api, applicationId, messageId }) {
  return curlOf({
    method: 'POST', url: '/2fa/2/pin?ncNeeded=false',
    request: {
      header: [['Authorization', 'App •••'], ['Content-Type', 'application/json']],
      body: JSON.stringify({ applicationId, messageId, to: '14155552671' }),
    },
  }, api);
}

function part(first, { header, body }, label) {
  const pre = el('pre', { className: 'code-block', tabIndex: 0, 'aria-label': label }, el('b', {}, first), '\n');
  for (const [name, value] of header) pre.append(el('span', { className: 'name' }, `${name}: `), `${value}\n`);
  if (body) pre.append('\n', pretty(body));
  return pre;
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** Leaves out what is the same everywhere, and most of the ids: the details have all of it. */
function shortURL(url) {
  return url.replace(/^\/2fa\/2(?=\/)/, '').replace(/[0-9A-F]{32}/g, (id) => `${id.slice(0, 6)}…`);
}
