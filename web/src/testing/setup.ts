import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import { forgetConfig } from '@/shared/use-config';

beforeEach(() => {
  forgetConfig();
  vi.stubGlobal('scrollTo', () => undefined);
});
afterEach(cleanup);
