// The few things that all parts of the page do to it. Text goes in as text: the page's policy forbids
// markup from strings altogether.

/**
 * Finds an element that index.html has.
 * @param {string} id
 * @returns {any}
 */
export function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

/**
 * Makes an element: `el('button', { type: 'button', onclick }, 'Copy')`. Names with a dash or without a property are attributes.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined)} children
 */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in made && !name.includes('-')) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const svgSpace = 'http://www.w3.org/2000/svg';

/** Draws a 16 by 16 line icon from its path. */
export function icon(path) {
  const svg = document.createElementNS(svgSpace, 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 16 16', width: '16', height: '16', 'aria-hidden': 'true', class: 'icon' })) svg.setAttribute(name, value);
  const line = document.createElementNS(svgSpace, 'path');
  for (const [name, value] of Object.entries({ d: path, fill: 'none', stroke: 'currentColor', 'stroke-width': '1.5', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' })) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

/** Tells a screen reader something, once, when it has time. */
export function say(text) {
  const line = $('say');
  line.textContent = '';
  // A region that gets the same text twice says it once.
  setTimeout(() => { line.textContent = text; }, 50);
}

/** Copies a text and says so on the button that was pressed. */
export async function copy(text, button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    say('Copied');
  } catch {
    button.textContent = 'Not allowed';
    say('The browser does not allow copying');
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}

/** Marks a field as wrong, or as right again with an empty text. */
export function fault(input, line, text) {
  line.textContent = text;
  line.hidden = text === '';
  if (text) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}
