import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { goodConfig, renderApp } from '@/testing/render-app';

it('says what Telegram Funnel is and leads to the bot', async () => {
  renderApp('/', goodConfig());
  expect(await screen.findByRole('heading', { level: 1 })).toHaveTextContent(
    'Sell access to your private Telegram channel for crypto',
  );
  expect(screen.getAllByRole('listitem')).toHaveLength(3);
  expect(await screen.findByRole('link', { name: 'Open the bot' })).toHaveAttribute(
    'href',
    'https://t.me/funnel_test_bot',
  );
});
