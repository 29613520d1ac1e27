import { createRoute, notFound } from '@tanstack/react-router';
import { readCheckoutResult } from '@/features/pay-return/checkout-result';
import { isOrderId } from '@/features/pay-return/order-id';
import { PayReturnPage } from '@/features/pay-return/pay-return-page';
import { rootRoute } from './root';

export const payRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/pay/$order',
  validateSearch: (search) => ({ result: readCheckoutResult(search.result) }),
  beforeLoad: ({ params }) => {
    if (!isOrderId(params.order)) throw notFound();
  },
  component: PayReturn,
});

function PayReturn() {
  const { order } = payRoute.useParams();
  const { result } = payRoute.useSearch();
  return <PayReturnPage order={order} result={result} />;
}
