import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t, { type Test } from 'tap'
import { date, dateTime, duration, error, tabFromRows, time, type Workbook } from '../../emulator/workbook.ts'
import { loadWorkbook } from '../../emulator/workbook-files.ts'
import type { ManifestTab } from '../../src/model/snapshot-manifest.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { jsonSchema } from '../../src/rows/json-schema.ts'
import { typescriptInterface } from '../../src/rows/typescript-interface.ts'
import { aDownloader, LeapingClock } from '../jobs/downloads.ts'
import { aDirectory, ROOT } from '../support/service.ts'

const NAMES = [
  'plain',
  '2024',
  '10',
  'a b',
  'Größe',
  '"',
  "'",
  '\\',
  '*/',
  'a\nb',
  'a\u202ebc',
  'constructor',
  '__proto__',
]

/** Columns of each kind and of every mixture, under names that would end a string, a comment or a property. */
const odd: Workbook = {
  id: 'odd',
  title: 'Odd',
  tabs: [
    tabFromRows(0, '*/ export {} /*', [
      NAMES,
      [1, 1.5, true, 'x', date('2024-01-31'), time('13:45:00'), dateTime('2024-01-31T13:45:00'), duration('30:15:00')],
      [2, 2, null, '*/ "\\\n`x`', dateTime('2024-01-31T13:45:00.250'), duration('-06:00:00'), null, time('01:00:00')],
      [
        error('#REF!'),
        'x',
        false,
        null,
        error('#N/A'),
        null,
        error('#DIV/0!'),
        null,
        error('#REF!'),
        date('2024-01-31'),
      ],
    ]),
    tabFromRows(1, '2024 ☃', [['Nothing', 'Blank'], [1]]),
    tabFromRows(2, '', [['h']]),
  ],
}

const MODES: readonly Partial<SyncRequestInput>[] = [
  {},
  { dates: 'serial' },
  { values: 'formatted' },
  { values: 'formula' },
  { headerRow: 0 },
  { ranges: ["'A tab'!B1:C3"], headerRow: 0 },
]

async function compiles(t: Test, files: Readonly<Record<string, string>>): Promise<void> {
  const folder = await aDirectory(t)
  const options = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, target: 'es2022', types: [] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  await mkdir(join(folder, 'src'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'src', name), text)
  const run = promisify(execFile)(process.execPath, [`${ROOT}node_modules/.bin/tsc`, '-p', folder])
  const { stdout } = await run.catch((reason: { stdout: string }) => reason)
  t.equal(stdout, '', 'it compiles under strict, and every row is of the type')
}

for (const workbook of [odd, await loadWorkbook(`${ROOT}emulator/workbooks/demo`)]) {
  t.test(`every row of ${workbook.title} is as its JSON Schema and its TypeScript say`, async (t) => {
    const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
    const files: Record<string, string> = {}
    for (const [index, mode] of MODES.entries()) {
      if (mode.ranges !== undefined) mode.ranges = [`'${titleOf(workbook).replaceAll("'", "''")}'!B1:C3`]
      const result = await downloader.run(mode)
      const tabs = (await downloader.snapshots.find(workbook.id, result.snapshotId))?.tabs ?? []
      for (const [at, tab] of tabs.entries()) {
        const rows = JSON.parse(await downloader.text(result, 'json', at)) as unknown[]
        const where = `${JSON.stringify(mode)} ${tab.title}`
        const validate = new Ajv2020({
          ownProperties: true,
          allowUnionTypes: true,
          formats: { date: /^\d{4}-\d\d-\d\d$/ },
        }).compile(JSON.parse(jsonSchema(tab)))
        t.ok(
          tab.rows === rows.length && rows.every((row) => validate(row)),
          `${where}: ${JSON.stringify(validate.errors)}`,
        )
        t.notOk(validate({ other: 1 }), 'no other row is')
        files[`${index}-${at}.ts`] =
          `${typescriptInterface(tab)}\nexport const rows: ${typeName(tab)}[] = ${literals(rows)}\n`
      }
    }
    await compiles(t, files)
  })
}

t.test('the forms keep the order of the columns, whatever they are called', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [odd], clock: new LeapingClock() })
  const { snapshotId } = await downloader.run({})
  const tab = (await downloader.snapshots.find('odd', snapshotId))?.tabs[0] as ManifestTab
  const schema = jsonSchema(tab)
  const places = NAMES.slice(0, 3).map((name) => schema.indexOf(`${JSON.stringify(name)}:{`))
  t.strictSame(
    places,
    places.toSorted((one, other) => one - other),
  )
  t.ok(Math.min(...places) > 0)
  t.strictSame(JSON.parse(schema).required, NAMES)
  t.match(
    typescriptInterface(tab)
      .split('\n')
      .filter((line) => /^ {2}[^/]/.test(line)),
    [/plain: number \| ErrorValue$/, /"2024": string \| number$/, /"10": boolean \| null$/, /"a b": string \| null$/],
  )
})

/** As text of JSON a row is an object that has `__proto__` as an own property; as source text it would set its prototype. */
function literals(rows: readonly unknown[]): string {
  return JSON.stringify(rows).replaceAll('"__proto__":', '["__proto__"]:')
}

function typeName(tab: ManifestTab): string {
  return /export (?:interface|type) (\w+Row)/.exec(typescriptInterface(tab))?.[1] ?? ''
}

function titleOf({ tabs }: Workbook): string {
  return tabs[0]?.title ?? ''
}
