import { createRootRoute, Outlet } from '@tanstack/react-router';
import { NotFoundPage } from '@/shared/not-found-page';

export const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });
