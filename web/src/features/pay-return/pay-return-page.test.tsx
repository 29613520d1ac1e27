import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { goodConfig, renderApp } from '@/testing/render-app';

const ORDER = 'q7Zt_3-bXw0KfLr9YvHs2A';
const WAITING = 'Waiting for the payment network';

const heading = (name: string) => screen.findByRole('heading', { level: 1, name });
const backToBot = () => screen.findByRole('link', { name: 'Back to the bot' });

describe('what the person reads', () => {
  it.each([
    ['?result=success', WAITING, 'Checkout completed'],
    ['', WAITING, 'Not confirmed yet'],
    ['?result=confirmed', WAITING, 'Not confirmed yet'],
    ['?result=1', WAITING, 'Not confirmed yet'],
    ['?result=success&result=cancel', WAITING, 'Not confirmed yet'],
    ['?result=success&NP_id=4409701814', WAITING, 'Checkout completed'],
    ['?result=success?NP_id=4409701814', WAITING, 'Checkout completed'],
    ['?result=cancel', 'Nothing was charged', 'Checkout closed'],
    ['?result=partial', 'A part of the price is still missing', 'Payment incomplete'],
  ])('%s shows “%s” (%s)', async (query, title, label) => {
    renderApp(`/pay/${ORDER}${query}`, goodConfig());
    expect(await heading(title)).toBeVisible();
    expect(screen.getByText(label)).toBeVisible();
    await waitFor(() => expect(document.title).toBe(`${title} · Telegram Funnel`));
  });

  it('explains that the bot gives access once the provider confirms', async () => {
    renderApp(`/pay/${ORDER}?result=success`, goodConfig());
    const steps = await screen.findByRole('region', { name: 'What happens next' });
    expect(within(steps).getAllByRole('listitem')).toHaveLength(3);
    expect(within(steps).getByText(/as soon as the payment provider confirms/)).toBeVisible();
    expect(screen.getByText(/nothing more to do here/)).toBeVisible();
  });

  it('never claims that a payment is confirmed, whatever the address says', async () => {
    renderApp(`/pay/${ORDER}?result=success`, goodConfig());
    await heading(WAITING);
    expect(screen.getByRole('main')).not.toHaveTextContent(/confirmed|received|thank/i);
  });

  it('says after a cancel that nothing was charged and the order stays open', async () => {
    renderApp(`/pay/${ORDER}?result=cancel`, goodConfig());
    expect(await heading('Nothing was charged')).toBeVisible();
    expect(screen.getByText('Your order stays open')).toBeVisible();
    expect(screen.getByText('Pay again from the bot')).toBeVisible();
    expect(screen.getByText(/Do not send them again/)).toBeVisible();
  });

  it('says after a partial payment not to send to the old address', async () => {
    renderApp(`/pay/${ORDER}?result=partial`, goodConfig());
    expect(await screen.findByText('Send nothing to the old address')).toBeVisible();
  });

  it.each(['success', 'cancel', 'partial', 'other'])('warns of impostors (%s)', async (result) => {
    renderApp(`/pay/${ORDER}?result=${result}`, goodConfig());
    const warning = await screen.findByRole('complementary', { name: 'Beware of impostors' });
    expect(warning).toHaveTextContent(/Never send money to people who write first/);
  });

  it('names the order', async () => {
    renderApp(`/pay/${ORDER}`, goodConfig());
    expect(await screen.findByRole('definition')).toHaveTextContent(ORDER);
  });
});

describe('the way back to the bot', () => {
  it('is a deep link that asks the bot for the status of this order', async () => {
    const fetching = renderApp(`/pay/${ORDER}?result=success`, goodConfig());
    expect(await backToBot()).toHaveAttribute(
      'href',
      `https://t.me/funnel_test_bot?start=status_${ORDER}`,
    );
    expect(screen.getByText('@funnel_test_bot')).toBeVisible();
    expect(fetching.mock.calls.map(([address]) => address)).toEqual(['/config.json']);
  });

  it('says that it is loading, with the message already there', async () => {
    renderApp(`/pay/${ORDER}`, 'never');
    expect(await screen.findByRole('status')).toHaveTextContent('Looking up the bot…');
    expect(await heading(WAITING)).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Back to the bot' })).not.toBeInTheDocument();
  });

  it.each([
    ['no network', () => new TypeError('Failed to fetch')],
    ['a missing file', () => new Response('gone', { status: 404 })],
    ['a page instead of the file', () => new Response('<!doctype html>')],
    ['no username', () => Response.json({})],
    ['an unusable username', () => Response.json({ bot_username: 'evil.example/x?' })],
  ])('is replaced by an honest message on %s', async (_what, answer) => {
    renderApp(`/pay/${ORDER}`, answer());
    expect(await screen.findByRole('alert')).toHaveTextContent(/Nothing is lost/);
    expect(screen.queryByRole('link', { name: 'Back to the bot' })).not.toBeInTheDocument();
    expect(await heading(WAITING)).toBeVisible();
  });

  it('comes after trying again', async () => {
    const user = userEvent.setup();
    renderApp(`/pay/${ORDER}`, new TypeError('Failed to fetch'), goodConfig());
    await user.click(await screen.findByRole('button', { name: 'Try again' }));
    expect(await backToBot()).toBeVisible();
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('can be reached and left with the keyboard alone', async () => {
    const user = userEvent.setup();
    renderApp(`/pay/${ORDER}`, goodConfig());
    const link = await backToBot();
    await user.tab();
    expect(screen.getByRole('link', { name: 'Telegram Funnel' })).toHaveFocus();
    await user.tab();
    expect(link).toHaveFocus();
  });
});

describe('the address', () => {
  it.each(['A'.repeat(22), 'z9_-'.repeat(10).concat('abc')])('accepts %s', async (order) => {
    renderApp(`/pay/${order}`, goodConfig());
    expect(await heading(WAITING)).toBeVisible();
  });

  it.each([
    '/pay',
    '/pay/short',
    `/pay/${'A'.repeat(44)}`,
    `/pay/${'A'.repeat(21)}!`,
    `/pay/${'A'.repeat(11)}%20${'A'.repeat(11)}`,
    `/pay/${'A'.repeat(22)}/more`,
    '/no/such/page',
  ])('%s is not found', async (address) => {
    renderApp(address, goodConfig());
    expect(await heading('Page not found')).toBeVisible();
    expect(await screen.findByRole('link', { name: 'Open the bot' })).toHaveAttribute(
      'href',
      'https://t.me/funnel_test_bot',
    );
  });
});
