// Builds the console page into dist/ (or the folder that is named): one script, one style sheet, and the files that
// they need. What it makes depends on the sources and the locked packages alone, so that a test can compare bytes.

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = process.argv[2] ?? join(here, 'dist');
const packages = join(here, 'node_modules');

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

await build({
  absWorkingDir: here,
  entryPoints: { console: 'src/main.js' },
  bundle: true,
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  minify: true,
  legalComments: 'none', // NOTICE.txt has them
  charset: 'utf8',
  outdir: out,
});
await build({
  absWorkingDir: here,
  entryPoints: { console: 'src/style.css' },
  bundle: true,
  minify: true,
  target: ['chrome111', 'firefox115', 'safari16.4'],
  external: ['*.woff2'],
  charset: 'utf8',
  outdir: out,
});

for (const file of ['index.html', 'icon.svg']) await copyFile(join(here, 'src', file), join(out, file));
const fonts = {
  'sans.woff2': '@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-latin-wght-normal.woff2',
  'mono.woff2': '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2',
};
for (const [name, file] of Object.entries(fonts)) await copyFile(join(packages, file), join(out, name));

// The licences of what is in there.
const notices = ['The console page contains:'];
for (const name of ['libphonenumber-js', '@fontsource-variable/ibm-plex-sans', '@fontsource/ibm-plex-mono']) {
  const { version } = JSON.parse(await readFile(join(packages, name, 'package.json'), 'utf8'));
  const licence = await readFile(join(packages, name, 'LICENSE'), 'utf8');
  notices.push('', '-'.repeat(80), `${name} ${version}`, '', licence.trim());
}
notices.push(
  '', '-'.repeat(80), 'metadata of libphonenumber, in the form that libphonenumber-js gives it', '',
  (await readFile(join(packages, 'libphonenumber-js', 'LICENSE.Apache'), 'utf8')).trim(),
);
await writeFile(join(out, 'NOTICE.txt'), `${notices.join('\n')}\n`);
