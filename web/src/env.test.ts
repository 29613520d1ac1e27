import { expect, it } from 'vitest';
import { parseConfig } from './env';

it.each(['my_bot', 'Abcd', ' my_bot\n', 'A'.repeat(32)])('accepts the bot name %j', (name) => {
  expect(parseConfig({ bot_username: name })).toEqual({ botUsername: name.trim() });
});

it.each([undefined, null, 7, '', 'abc', '@my_bot', 'my bot', '1bot', 'a/../b', 'A'.repeat(33)])(
  'refuses the bot name %j',
  (name) => {
    expect(() => parseConfig({ bot_username: name })).toThrow('bot_username');
  },
);

it.each([null, [], 'text', 7])('refuses %j instead of an object', (json) => {
  expect(() => parseConfig(json)).toThrow('bot_username');
});
