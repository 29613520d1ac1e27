import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** While developing, /config.json comes from the environment; in production from the web server. */
function developmentConfig(): Plugin {
  return {
    name: 'development-config',
    configureServer(server) {
      server.middlewares.use('/config.json', (_request, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ bot_username: process.env.BOT_USERNAME ?? 'my_dev_bot' }));
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), developmentConfig()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { target: 'es2022', sourcemap: false },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/testing/setup.ts'],
    restoreMocks: true,
    unstubGlobals: true,
    sequence: { shuffle: true },
  },
});
