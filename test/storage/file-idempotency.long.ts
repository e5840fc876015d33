import t from 'tap'
import type { Fault } from '../support/faulty-file-system.ts'
import { failEachCallOfKeys } from './idempotency-fault-suite.ts'

const FAULTS: readonly Omit<Fault, 'nth'>[] = [
  { code: 'EIO', forEver: false },
  { code: 'EIO', forEver: false, afterEffect: true },
  { code: 'ENOSPC', forEver: true },
  { code: 'EMFILE', forEver: true },
  { code: 'short write', forEver: false },
]

for (const fault of FAULTS) {
  t.test(`${JSON.stringify(fault)} at each call in turn: never two owners, and the repeat succeeds`, (t) =>
    failEachCallOfKeys(t, fault),
  )
}
