import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import t from 'tap'
import { ROOT } from './support/service.ts'

interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly engines?: { readonly node?: string }
  readonly deprecated?: string
  readonly hasInstallScript?: boolean
}

// It comes with tap, without types.
const { satisfies } = createRequire(import.meta.url)('semver') as { satisfies(version: string, range: string): boolean }

// What `.npmrc` has npm not say at each install, held against the Node that runs the packages instead of the one that runs npm.
const own = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'))
const lock = JSON.parse(await readFile(`${ROOT}package-lock.json`, 'utf8'))
const packages = Object.entries<LockedPackage>(lock.packages).map(([path, locked]) => ({
  ...locked,
  name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
  accepts: (node: string) => satisfies(node, locked.engines?.node ?? '*'),
}))
const named = (found: typeof packages) => found.map(({ name, version }) => `${name}@${version}`)

t.test('every package accepts the Node that npm ci brings', async (t) => {
  t.same(named(packages.filter(({ accepts }) => !accepts(own.devDependencies.node))), [])
})

t.test('every package of the service accepts the oldest Node that it is said to run on', async (t) => {
  const oldest = `${own.engines.node.replace('>=', '')}.0`
  t.same(named(packages.filter(({ dev, accepts }) => !dev && !accepts(oldest))), [])
})

t.test('no package is deprecated', async (t) => {
  t.same(named(packages.filter(({ deprecated }) => deprecated !== undefined)), [])
})

t.test('of each package with an install script is decided whether it runs', async (t) => {
  const names = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)
  t.same(Object.keys(own.allowScripts).sort(), [...new Set(names)].sort())
})
