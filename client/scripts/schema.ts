import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import openapiTS, { astToString } from 'openapi-typescript'

// Writes src/schema.d.ts from openapi/openapi.json; with --check says whether the committed one is still true.
const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, document: { type: 'string' } },
})
const source = new URL(values.document ?? '../../openapi/openapi.json', import.meta.url)
const target = new URL('../src/schema.d.ts', import.meta.url)

const document = JSON.parse(await readFile(source, 'utf8'))
const types = await openapiTS(document, { alphabetize: true, defaultNonNullable: false })
const text = `// Generated from openapi/openapi.json by "npm run schema -w client"; do not edit.\n${astToString(types)}`
if (!values.check) {
  await writeFile(target, text)
} else if ((await readFile(target, 'utf8')) !== text) {
  process.stderr.write(
    'client/src/schema.d.ts is not what the document says; run "npm run schema -w client" and commit it.\n',
  )
  process.exitCode = 1
}
