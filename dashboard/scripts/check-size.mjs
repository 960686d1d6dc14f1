// Fails the build when the shipped page grows past its budget or carries what the server's policy forbids.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url).pathname;
const SHELL_KB_MAX = 150; // everything the first page needs, charts included as long as they fit
const ALL_KB_MAX = 420;

const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const gzippedKb = (path) => gzipSync(readFileSync(path)).length / 1000;
const page = readFileSync(join(DIST, 'index.html'), 'utf8');

const inShell = (path) => path.endsWith('index.html') || page.includes(path.slice(DIST.length));
const shell = files.filter(inShell).reduce((sum, path) => sum + gzippedKb(path), 0);
const all = files.reduce((sum, path) => sum + gzippedKb(path), 0);

const faults = [];
if (shell > SHELL_KB_MAX) faults.push(`shell has ${shell.toFixed(1)} kB gzipped, allowed are ${SHELL_KB_MAX}`);
if (all > ALL_KB_MAX) faults.push(`all files have ${all.toFixed(1)} kB gzipped, allowed are ${ALL_KB_MAX}`);
if (/<script(?![^>]*\ssrc=)[^>]*>/.test(page)) faults.push('index.html has an inline script');
if (/(?:src|href)="(?:https?:)?\/\//.test(page)) faults.push('index.html asks another origin');

console.log(`gzipped: shell ${shell.toFixed(1)} kB, all ${all.toFixed(1)} kB in ${files.length} files`);
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
