const RESULTS = ['pending', 'success', 'cancel', 'partial'] as const;

/** What the checkout says about itself. It chooses the words of this page and proves nothing. */
export type CheckoutResult = (typeof RESULTS)[number];

/** The provider may append its own "?NP_id=…" although the address already has a query. */
export function readCheckoutResult(value: unknown): CheckoutResult {
  const word = typeof value === 'string' ? value.split(/[?&]/, 1)[0] : undefined;
  return RESULTS.find((result) => result === word) ?? 'pending';
}
