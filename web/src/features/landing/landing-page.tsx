import { BotLink } from '@/shared/bot-link';
import { Page } from '@/shared/page';

const facts = [
  {
    title: 'Subscribers pay in the coin they have',
    text: 'They tap an offer, pay at the checkout and get an invite from the bot.',
  },
  {
    title: 'Access follows the payment',
    text: 'It starts when the payment provider confirms, and ends when the paid time is over.',
  },
  {
    title: 'Owners are paid automatically',
    text: 'In the coin and to the wallet of their choice.',
  },
];

export function LandingPage() {
  return (
    <Page title="Paid access to private channels">
      <h1 className="mt-4 text-3xl font-semibold tracking-tight text-balance sm:text-4xl">
        Sell access to your private Telegram channel for crypto
      </h1>
      <p className="mt-4 text-lg text-muted">
        Telegram Funnel takes the payment, lets the subscriber in and pays the owner. You keep your
        channel; a bot does the rest.
      </p>
      <ul className="card mt-8 divide-y divide-line">
        {facts.map((fact) => (
          <li key={fact.title} className="px-6 py-5">
            <h2 className="font-medium">{fact.title}</h2>
            <p className="mt-0.5 text-sm text-muted">{fact.text}</p>
          </li>
        ))}
      </ul>
      <div className="mt-4">
        <BotLink>Open the bot</BotLink>
      </div>
    </Page>
  );
}
