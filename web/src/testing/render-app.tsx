import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { vi } from 'vitest';
import { createAppRouter } from '@/router';

/** Shows the whole application at an address, with the answers of /config.json given. */
export function renderApp(address: string, ...configAnswers: (Response | Error | 'never')[]) {
  const fetching = vi.fn<typeof fetch>();
  for (const answer of configAnswers) {
    if (answer === 'never') fetching.mockReturnValueOnce(new Promise(() => undefined));
    else if (answer instanceof Error) fetching.mockRejectedValueOnce(answer);
    else fetching.mockResolvedValueOnce(answer);
  }
  vi.stubGlobal('fetch', fetching);
  const history = createMemoryHistory({ initialEntries: [address] });
  render(<RouterProvider router={createAppRouter(history)} />);
  return fetching;
}

export const goodConfig = () => Response.json({ bot_username: 'funnel_test_bot' });
