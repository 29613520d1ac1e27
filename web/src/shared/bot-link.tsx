import type { ReactNode } from 'react';
import { PlaneIcon } from './icons';
import { useConfig } from './use-config';

type Props = { start?: string; children: ReactNode };

/** The way back to the bot: a deep link, or honest words while or when we don't know its name. */
export function BotLink({ start, children }: Props) {
  const state = useConfig();
  return (
    <div aria-live="polite" aria-busy={state.status === 'loading'}>
      {state.status === 'loading' && (
        <p role="status" className="button button-loading">
          Looking up the bot…
        </p>
      )}
      {state.status === 'ready' && (
        <>
          <a className="button" rel="noreferrer" href={deepLink(state.config.botUsername, start)}>
            <PlaneIcon className="size-5" />
            {children}
          </a>
          <p className="mt-2 text-center text-sm text-muted">
            Opens <strong className="font-medium text-ink">@{state.config.botUsername}</strong> in
            Telegram
          </p>
        </>
      )}
      {state.status === 'error' && <BotUnknown retry={state.retry} />}
    </div>
  );
}

function BotUnknown({ retry }: { retry: () => void }) {
  return (
    <div role="alert" className="rounded-xl bg-note p-4 text-sm">
      <p>
        <strong className="font-semibold text-note-ink">
          We could not load the link to the bot.
        </strong>{' '}
        Nothing is lost: open your chat with the bot in Telegram yourself, or try again.
      </p>
      <button type="button" onClick={retry} className="button button-quiet mt-3">
        Try again
      </button>
    </div>
  );
}

function deepLink(botUsername: string, start?: string): string {
  const link = `https://t.me/${botUsername}`;
  return start ? `${link}?start=${start}` : link;
}
