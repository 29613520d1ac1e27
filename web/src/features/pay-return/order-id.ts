const ORDER_ID = /^[A-Za-z0-9_-]{22,43}$/;

/** An order id is opaque to this page: only its shape is checked, never its meaning. */
export function isOrderId(text: string): boolean {
  return ORDER_ID.test(text);
}
