import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

type Props = { title: string; children: ReactNode };

export function Page({ title, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Telegram Funnel`;
  }, [title]);
  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-xl flex-col px-4 sm:px-6">
      <header className="py-5 sm:py-8">
        <Link to="/" className="wordmark">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          Telegram Funnel
        </Link>
      </header>
      <main className="flex-1">{children}</main>
      <footer className="py-8 text-center text-sm text-muted">
        Payments are confirmed by the payment network, never by a web page.
      </footer>
    </div>
  );
}
