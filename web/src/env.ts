/** What differs between environments. The web server serves it, so that one build fits them all. */
export type Config = { botUsername: string };

const BOT_USERNAME = /^[A-Za-z][A-Za-z0-9_]{3,31}$/;
const CONFIG_TIMEOUT_MS = 10_000;

/** Throws when the answer is missing, late or not what we expect: a wrong bot is worse than none. */
export async function fetchConfig(): Promise<Config> {
  const response = await fetch('/config.json', {
    cache: 'no-cache',
    signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  return parseConfig(await response.json());
}

/** Written by hand while it is one field: a schema library would cost the page 4 kB. */
export function parseConfig(json: unknown): Config {
  const value = isRecord(json) ? json.bot_username : undefined;
  const botUsername = typeof value === 'string' ? value.trim() : '';
  if (!BOT_USERNAME.test(botUsername)) throw new Error('/config.json has no valid bot_username');
  return { botUsername };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
