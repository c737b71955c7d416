// What the control listener knows, kept up to date: it tells what happens as server-sent events, and after each (re)connection
// everything is read anew, so that nothing is missed.

/** Calls the control listener. */
export async function control(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The control listener answered ${response.status}.`);
  return answer;
}

/**
 * @param {{ connected: (yes: boolean) => void, message: (m: any) => void, exchange: (e: any) => void, change: (path: string) => void, read: () => void }} tell
 */
export function listen(tell) {
  const events = new EventSource('/events');
  events.addEventListener('open', () => {
    tell.connected(true);
    tell.read();
  });
  events.addEventListener('error', () => tell.connected(false));
  events.addEventListener('message', (event) => tell.message(JSON.parse(event.data)));
  events.addEventListener('exchange', (event) => tell.exchange(JSON.parse(event.data)));
  events.addEventListener('change', (event) => tell.change(JSON.parse(event.data)));
}
