import { useCallback, useEffect, useState } from 'react';
import { type Config, fetchConfig } from '@/env';

export type ConfigState =
  | { status: 'loading' }
  | { status: 'ready'; config: Config }
  | { status: 'error'; retry: () => void };

let pending: Promise<Config> | undefined;

/** One request per page load; a failed one is asked again only when the person asks for it. */
function loadConfig(): Promise<Config> {
  pending ??= fetchConfig();
  return pending;
}

export function forgetConfig(): void {
  pending = undefined;
}

export function useConfig(): ConfigState {
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<ConfigState>({ status: 'loading' });

  const retry = useCallback(() => {
    forgetConfig();
    setState({ status: 'loading' });
    setAttempt((count) => count + 1);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt loads again
  useEffect(() => {
    let gone = false;
    const show = (next: ConfigState) => gone || setState(next);
    loadConfig().then(
      (config) => show({ status: 'ready', config }),
      () => show({ status: 'error', retry }),
    );
    return () => {
      gone = true;
    };
  }, [attempt, retry]);

  return state;
}
