import { createRouter, type RouterHistory } from '@tanstack/react-router';
import { landingRoute } from './routes/landing';
import { payRoute } from './routes/pay';
import { rootRoute } from './routes/root';
import { ErrorPage } from './shared/error-page';
import { NotFoundPage } from './shared/not-found-page';

const routeTree = rootRoute.addChildren([landingRoute, payRoute]);

/** Tests pass a memory history; the browser needs none. */
export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    defaultNotFoundComponent: NotFoundPage,
    defaultErrorComponent: ErrorPage,
    ...(history ? { history } : {}),
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
