// Fails when the built JavaScript weighs more than its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 100_000;
const folder = new URL('../dist/assets/', import.meta.url);

const weigh = (ending) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, folder))).length, 0);

const js = weigh('.js');
console.log(`gzipped: ${js} bytes of JavaScript (budget ${BUDGET_BYTES}), ${weigh('.css')} of CSS`);
process.exitCode = js > BUDGET_BYTES ? 1 : 0;
