import type { CheckoutResult } from './checkout-result';

export type Step = { title: string; text: string };
export type Tone = 'waiting' | 'stopped' | 'attention';
export type Message = {
  tone: Tone;
  label: string;
  heading: string;
  lead: string;
  steps: [Step, ...Step[]];
  closing: string;
};

const CONFIRMATION: Message['steps'] = [
  {
    title: 'The network confirms the payment',
    text: 'A few minutes for most coins, longer for some.',
  },
  {
    title: 'The bot gives you access',
    text: 'It writes to you in Telegram as soon as the payment provider confirms.',
  },
  {
    title: 'You join the channel',
    text: 'One tap on the invite that the bot sends you.',
  },
];
const NOTHING_TO_DO = 'There is nothing more to do here. You can close this page.';

export const messages: Record<CheckoutResult, Message> = {
  pending: {
    tone: 'waiting',
    label: 'Not confirmed yet',
    heading: 'Waiting for the payment network',
    lead: 'If you have paid, your payment is on its way to us. This page cannot speed it up.',
    steps: CONFIRMATION,
    closing: NOTHING_TO_DO,
  },
  success: {
    tone: 'waiting',
    label: 'Checkout completed',
    heading: 'Waiting for the payment network',
    lead: 'The checkout tells us that you have paid. We now wait for the network to confirm it.',
    steps: CONFIRMATION,
    closing: NOTHING_TO_DO,
  },
  cancel: {
    tone: 'stopped',
    label: 'Checkout closed',
    heading: 'Nothing was charged',
    lead: 'The checkout ended without a payment. You can pay again from the bot.',
    steps: [
      {
        title: 'Your order stays open',
        text: 'With the same price and the same number of days.',
      },
      {
        title: 'Pay again from the bot',
        text: 'Go back to the bot and open the checkout from there.',
      },
    ],
    closing:
      'Already sent coins? Do not send them again: the bot tells you as soon as they are confirmed.',
  },
  partial: {
    tone: 'attention',
    label: 'Payment incomplete',
    heading: 'A part of the price is still missing',
    lead: 'The checkout tells us that you have sent less than the price. What arrives is not lost.',
    steps: [
      {
        title: 'Send nothing to the old address',
        text: 'The rest is paid with an invoice of its own.',
      },
      {
        title: 'Ask the bot what is missing',
        text: 'Once the payment provider confirms what arrived, it knows the exact amount.',
      },
      {
        title: 'Pay the rest from the bot',
        text: 'The bot gives you access as soon as the provider confirms it.',
      },
    ],
    closing: 'What has arrived is kept for you in the meantime.',
  },
};
