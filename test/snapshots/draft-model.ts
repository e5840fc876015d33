import fc from 'fast-check'
import type { Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SnapshotDraft } from '../../src/ports/snapshot-store.ts'
import type { OpenStore } from './conformance.ts'
import { manifestOf, publishedText, SPREADSHEET, stagedText } from './manifests.ts'

const NAMES = ['a.csv', 'b.json', 'c.ndjson'] as const
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('append' as const), name: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('rewrite' as const), name: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('checkpoint' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('crash' as const, 'close' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reset' as const) }) },
)

/** Runs random courses of one draft through several epochs, beside a model of plain strings. */
export async function draftsAgreeWithTheirModel(t: Test, open: OpenStore, courses: number): Promise<void> {
  const store = await open()
  const course = async (steps: Step[]): Promise<void> => {
    const key = { spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 }
    const owners: SnapshotDraft[] = [await store.openDraft(key)]
    let now = new Map<string, string>()
    let saved: { at: number; files: Map<string, string> } | undefined
    for (const [at, { does, ...rest }] of steps.entries()) {
      const draft = owners.at(-1) as SnapshotDraft
      const name = 'name' in rest ? rest.name : NAMES[0]
      if (does === 'append') {
        await draft.append(name, Buffer.from(`+${at}`))
        now.set(name, `${now.get(name) ?? ''}+${at}`)
      } else if (does === 'rewrite') {
        await draft.rewrite(name, [Buffer.from(`=${at}`)])
        now.set(name, `=${at}`)
      } else if (does === 'checkpoint') {
        await draft.saveCheckpoint(at)
        saved = { at, files: new Map(now) }
      } else if (does === 'reset') {
        await draft.reset()
        now = new Map()
        saved = undefined
      } else {
        if (does === 'close') await draft.close()
        const next = await store.openDraft({ ...key, epoch: owners.length + 1 })
        owners.push(next)
        if (next.checkpoint !== saved?.at) throw new Error(`checkpoint ${next.checkpoint}, not ${saved?.at}`)
        now = new Map(saved?.files)
      }
    }
    const draft = owners.at(-1) as SnapshotDraft
    for (const [name, text] of now) {
      if ((await stagedText(draft, name)) !== text) throw new Error(`staged ${name} is not ${text}`)
    }
    const manifest = await manifestOf(draft, key.syncId, [...now.keys()])
    await draft.publish(manifest)
    for (const [name, text] of now) {
      const found = await publishedText(store, manifest, name)
      if (found !== text) throw new Error(`published ${name} is ${found}, not ${text}`)
    }
    for (const owner of owners) await owner.close()
  }
  const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), course)
  const result = await fc.check(property, { numRuns: courses })
  t.equal(result.failed, false, `seed ${result.seed}`)
  if (result.failed)
    t.fail(String(result.errorInstance), { steps: result.counterexample, path: result.counterexamplePath })
}
