import type { Me } from '../me.ts'
import type { ServiceStatus } from '../status.ts'
import type { ExampleAnswers } from './example-answers.ts'
import { ended } from './sync-answers.ts'

const me: Me = {
  name: 'web-app',
  scopes: ['read', 'write'],
  seesAll: false,
  keyed: true,
  spreadsheets: null,
  credentials: ['default', 'agency'],
  tokens: false,
  actAs: true,
}

const status: ServiceStatus = {
  ...{ instance: 'instance-1f0c7a52', role: 'all', version: '1.0.0', uptimeSeconds: 86_400 },
  budgets: [{ name: 'default', project: 'my-project', limit: 60, used: 12, waiting: 0, waitingUntil: null }],
  queue: { queued: 2, running: 1, waiting: 0 },
  syncs: { queued: 1, running: 1, cancelling: 0, interrupted: 1, succeeded: 37, failed: 1, cancelled: 0 },
  storage: { kind: 'file', healthy: true, error: null },
  instances: [
    {
      ...{ id: 'instance-1f0c7a52', role: 'all', host: 'web-1' },
      ...{ since: '2026-01-30T09:00:00.000Z', lastSeenAt: ended.finishedAt },
    },
  ],
  schedules: { active: 3, paused: 1 },
}

export const ANSWERS: ExampleAnswers = {
  'livez 200': { alive: { status: 'ok' } },
  'readyz 200': { ready: { status: 'ok' } },
  'metrics 200': {
    counts:
      '# HELP sheetsync_syncs Syncs that have not ended\n# TYPE sheetsync_syncs gauge\nsheetsync_syncs{state="running"} 1\n',
  },
  'status 200': { status },
  'listCredentials 200': {
    credentials: {
      credentials: [
        {
          name: 'default',
          account: 'sheetsync@example-project.iam.gserviceaccount.com',
          kind: 'service-account',
          project: 'example-project',
          health: 'ok',
          error: null,
          lastUsedAt: ended.finishedAt,
        },
      ],
    },
  },
  'me 200': { team: me },
}
