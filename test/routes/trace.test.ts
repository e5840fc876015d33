import t from 'tap'
import { parseTraceparent } from '../../src/syncs/trace-context.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`

t.test('a traceparent is valid or none', async (t) => {
  t.equal(parseTraceparent(TRACEPARENT), TRACEPARENT)
  t.equal(parseTraceparent(`cc${TRACEPARENT.slice(2)}-what-the-future-will-be-like`), `cc${TRACEPARENT.slice(2)}`)
  for (const wrong of [
    undefined,
    '',
    `${TRACEPARENT}-more`,
    `ff${TRACEPARENT.slice(2)}`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    TRACEPARENT.toUpperCase(),
    TRACEPARENT.slice(0, -1),
    'x'.repeat(10_000),
  ]) {
    t.equal(parseTraceparent(wrong), undefined, String(wrong).slice(0, 80))
  }
})
