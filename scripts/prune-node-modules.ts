import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

// Removes from a folder of installed packages what the service never loads: `node scripts/prune-node-modules.ts node_modules`.
// The Dockerfile runs it; `npm run test:image` shows that the image does without. Each rule names what goes. What no rule
// names stays, so that a new package, a native one above all, comes into the image whole.

/** Files of any package: types, source maps, prose. Licences stay, whatever they are called. */
const FILES = /\.(d\.[cm]?ts|[cm]?[jt]s\.map|css\.map|markdown|md|flow|tsbuildinfo)$/
const LICENCE = /licen[cs]e|notice|copying/i

/** Folders at the root of any package. */
const FOLDERS = ['.github', '__tests__', 'benchmark', 'benchmarks', 'docs', 'example', 'examples', 'test', 'tests']

/** Folders of one package, or of all of a scope. */
const FOLDERS_OF: Readonly<Record<string, readonly string[]>> = {
  // `main`, and `node` of `exports`, are dist-cjs.
  '@aws-sdk/*': ['dist-es', 'dist-types'],
  '@smithy/*': ['dist-es', 'dist-types'],
  '@aws/*': ['dist-es', 'dist-types'],
  // `main` is CommonJS, and there are no `exports`.
  bullmq: ['dist/esm'],
  // TypeScript, for whoever asks for the condition `@zod/source`.
  zod: ['src'],
}

/** Google has some 500 APIs, of 240 MB; `src/sheets/google-clients.ts` loads these by their own path. */
const GOOGLE_APIS = ['drive', 'sheets']

const [root] = process.argv.slice(2)
if (root === undefined || !statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
  process.stderr.write('usage: node scripts/prune-node-modules.ts NODE_MODULES\n')
  process.exitCode = 1
} else {
  pruneAll(root)
}

/** Prunes every package of a `node_modules`, and those that are nested in them. Links lead to workspaces, which are let be. */
function pruneAll(modules: string): void {
  for (const name of foldersIn(modules).filter((name) => !name.startsWith('.'))) {
    const names = name.startsWith('@') ? foldersIn(join(modules, name)).map((own) => `${name}/${own}`) : [name]
    for (const each of names) prune(each, join(modules, each))
  }
}

function foldersIn(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

function prune(name: string, path: string): void {
  const scope = `${name.split('/')[0]}/*`
  for (const folder of [...FOLDERS, ...(FOLDERS_OF[name] ?? []), ...(FOLDERS_OF[scope] ?? [])]) {
    rmSync(join(path, folder), { recursive: true, force: true })
  }
  if (name === 'googleapis') pruneGoogleApis(join(path, 'build/src/apis'))
  pruneFiles(path)
}

function pruneGoogleApis(path: string): void {
  for (const name of foldersIn(path)) {
    if (!GOOGLE_APIS.includes(name)) rmSync(join(path, name), { recursive: true })
  }
}

function pruneFiles(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const own = join(path, entry.name)
    if (entry.isDirectory()) {
      if (entry.name === 'node_modules') pruneAll(own)
      else pruneFiles(own)
    } else if (FILES.test(entry.name) && !LICENCE.test(entry.name)) rmSync(own)
  }
}
