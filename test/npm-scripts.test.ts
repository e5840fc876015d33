import { readFile } from 'node:fs/promises'
import t from 'tap'
import { ROOT } from './support/service.ts'

for (const folder of ['', 'client/']) {
  t.test(
    `the npm scripts of ${folder}package.json read alike in sh and in cmd, which npm runs them with on Windows`,
    async (t) => {
      const { scripts } = JSON.parse(await readFile(`${ROOT}${folder}package.json`, 'utf8'))
      for (const [name, script] of Object.entries<string>(scripts)) {
        for (const command of script.split(' && ')) {
          // A program with its parameters, in double quotes or plain; only tap expands a `*` by itself, as sh does.
          const plain = command.replaceAll(/(?<=^| )"[^"%!]*"(?= |$)/g, 'quoted')
          t.match(plain, /^(tap( [\w./:=*-]+)*|[a-z]+( [\w./:=-]+)*)$/, name)
        }
      }
    },
  )
}
