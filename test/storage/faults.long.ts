import t from 'tap'
import type { Fault } from '../support/faulty-file-system.ts'
import { failEachCall } from './fault-suite.ts'

const FAULTS: readonly Omit<Fault, 'nth'>[] = [
  { code: 'EIO', forEver: false },
  { code: 'EIO', forEver: true },
  { code: 'ENOSPC', forEver: true },
  { code: 'EMFILE', forEver: false },
  { code: 'EMFILE', forEver: true },
  { code: 'short write', forEver: false },
  { code: 'short write', forEver: true },
]

for (const fault of FAULTS) {
  const times = fault.forEver ? 'from the Nth call on' : 'at the Nth call'
  t.test(`${fault.code} ${times}: the old or the new state, an honest error, and recovery without a restart`, (t) =>
    failEachCall(t, fault),
  )
}

t.test('an error that is reported though the call took effect leaves the old or the new state too', async (t) => {
  await failEachCall(t, { code: 'EIO', forEver: false, afterEffect: true })
})
