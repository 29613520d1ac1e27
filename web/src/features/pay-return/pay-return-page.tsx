import { BotLink } from '@/shared/bot-link';
import { Page } from '@/shared/page';
import type { CheckoutResult } from './checkout-result';
import { messages } from './messages';
import { NextSteps } from './next-steps';
import { SafetyNote } from './safety-note';
import { StatusLabel } from './status-label';

type Props = { order: string; result: CheckoutResult };

/** Where the checkout sends the browser back to. Opening it changes nothing anywhere. */
export function PayReturnPage({ order, result }: Props) {
  const { tone, label, heading, lead, steps, closing } = messages[result];
  return (
    <Page title={heading}>
      <meta name="robots" content="noindex" />
      <article className="card">
        <div className="p-6 sm:p-10">
          <StatusLabel tone={tone}>{label}</StatusLabel>
          <h1 className="mt-5 text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
            {heading}
          </h1>
          <p className="mt-3 text-muted">{lead}</p>
          <div className="mt-6">
            <BotLink start={`status_${order}`}>Back to the bot</BotLink>
          </div>
          <NextSteps steps={steps} />
          <p className="mt-6 text-sm text-muted">{closing}</p>
        </div>
        <SafetyNote />
        <dl className="border-t border-line px-6 py-5 text-sm sm:px-10">
          <dt className="text-muted">Order</dt>
          <dd className="mt-1 font-mono text-xs break-all">{order}</dd>
        </dl>
      </article>
    </Page>
  );
}
