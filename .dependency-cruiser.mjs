/** Which rooms of `src/` a room may import from, beside itself. What is not listed is forbidden. */
const ARROWS = {
  model: ['errors.ts'],
  blocks: [],
  ports: ['model', 'blocks', 'errors.ts'],
  concurrency: ['ports', 'disk'],
  disk: ['ports', 'errors.ts'],
  redis: ['ports', 'concurrency', 'errors.ts'],
  database: ['ports', 'concurrency', 'errors.ts'],
  syncs: ['model', 'ports', 'concurrency', 'errors.ts'],
  schedules: ['model', 'ports', 'concurrency', 'syncs', 'errors.ts'],
  storage: ['model', 'ports', 'concurrency', 'disk', 'redis', 'database', 'errors.ts'],
  sheets: ['model', 'blocks', 'ports', 'concurrency', 'disk', 'retry-after.ts', 'redaction.ts', 'errors.ts'],
  snapshots: ['model', 'blocks', 'ports', 'concurrency', 'disk', 'errors.ts'],
  jobs: ['model', 'blocks', 'ports', 'concurrency', 'syncs', 'schedules', 'failure-reason.ts', 'errors.ts'],
  tokens: ['model', 'ports', 'errors.ts'],
  webhooks: ['model', 'ports', 'concurrency', 'syncs', 'schedules', 'retry-after.ts', 'errors.ts'],
  rows: ['model', 'blocks', 'ports', 'concurrency', 'disk', 'snapshots/formats', 'errors.ts'],
  metrics: ['model', 'ports', 'concurrency', 'errors.ts'],
  status: ['model', 'ports', 'concurrency', 'syncs', 'errors.ts'],
  routes: [
    'model',
    'ports',
    'concurrency',
    'syncs',
    'schedules',
    'rows',
    'status',
    'tokens',
    'api-keys.ts',
    'host-name.ts',
    'failure-reason.ts',
    'errors.ts',
  ],
}

/** Vendor packages, and the only files that may import them. */
const VENDORS = {
  'googleapis|google-auth-library|gaxios': 'src/sheets/',
  'fastify|@fastify/|fastify-type-provider-zod': 'src/(routes/|app\\.ts|service-life\\.ts)',
  'prom-client': 'src/metrics/',
  '@duckdb/': 'src/rows/engine/',
  ioredis: 'src/redis/',
  pg: 'src/database/',
  croner: 'src/schedules/',
  bullmq: 'src/jobs/bullmq',
  '@aws-sdk/|@smithy/': 'src/snapshots/s3',
}

/** Only these compose the house; nobody imports from them. */
const ENTRANCE =
  'src/(start|server|compose|compose-changes|compose-downloads|compose-keys|compose-schedules|compose-status|compose-storage|compose-tokens|compose-webhooks|app|config)\\.(ts|mjs)'

export default {
  forbidden: [
    { name: 'no-file-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-folder-cycle', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'no-unresolved-import',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'entrance-only',
      comment: 'What composes the service is imported by nothing but what starts it.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^${ENTRANCE}$` },
      to: { path: `^${ENTRANCE}$` },
    },
    {
      name: 'no-test-code',
      comment: 'The service does not depend on what is made to test it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(emulator|test|bench|scripts|client|examples)/' },
    },
    ...Object.entries(ARROWS).map(([room, allowed]) => ({
      name: `arrows-of-${room}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: {
        path: '^src/',
        pathNot: `^src/(${[room, ...allowed].map((name) => (name.endsWith('.ts') ? `${name}$` : `${name}/`)).join('|')})`,
      },
    })),
    ...Object.entries(VENDORS).map(([vendor, home]) => ({
      name: `vendor-${vendor}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^${home}` },
      to: { path: `^node_modules/(@types/)?(${vendor})(/|$)` },
    })),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
