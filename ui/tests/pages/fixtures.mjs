// The fixtures are TypeScript, so that the compiler checks them against the bindings; here they are loaded as they are.
import { fileURLToPath } from 'node:url'

import { createServer } from 'vite'

export async function loadViews() {
  const vite = await createServer({
    configFile: false,
    root: fileURLToPath(new URL('../../', import.meta.url)),
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    appType: 'custom',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
  })
  const { views } = await vite.ssrLoadModule('/tests/fixtures/views.ts')
  await vite.close()
  return views
}
