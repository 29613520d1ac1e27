import { BotLink } from './bot-link';
import { Page } from './page';

export function NotFoundPage() {
  return (
    <Page title="Page not found">
      <meta name="robots" content="noindex" />
      <article className="card p-6 sm:p-10">
        <h1 className="text-2xl font-semibold tracking-tight sm:text-3xl">Page not found</h1>
        <p className="mt-3 text-muted">
          There is no page at this address. If you came from a payment, nothing is lost: it does not
          depend on this page, and the bot knows your orders.
        </p>
        <div className="mt-8">
          <BotLink>Open the bot</BotLink>
        </div>
      </article>
    </Page>
  );
}
