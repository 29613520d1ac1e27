import { Page } from './page';

export function ErrorPage() {
  return (
    <Page title="Something went wrong">
      <article className="card p-6 sm:p-10">
        <h1 className="text-2xl font-semibold tracking-tight sm:text-3xl">Something went wrong</h1>
        <p className="mt-3 text-muted">
          This page could not be shown. A payment does not depend on it: the bot tells you in
          Telegram as soon as the payment is confirmed.
        </p>
        <a className="button button-quiet mt-6" href={window.location.href}>
          Load the page again
        </a>
      </article>
    </Page>
  );
}
