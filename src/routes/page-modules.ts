import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'

/** A module of the page as a browser runs it. */
export interface PageModule {
  /** Its address under that of the release. */
  readonly path: string
  readonly code: string
  /** Whether the page needs it to show anything; others come when they are first wanted. */
  readonly isEager: boolean
}

interface Source {
  readonly path: string
  readonly url: URL
}

const sourceOf = (root: string, prefix: string) => (name: string) => ({
  path: `${prefix}${name}`,
  url: new URL(name, new URL(root, import.meta.url)),
})
const ofWeb = sourceOf('../../web/', '')
const ofClient = sourceOf('../../client/src/', 'client/')
const vendor = (name: string): Source => ({ path: `vendor/${name}.js`, url: new URL(import.meta.resolve(name)) })

/** What modules of the page may import by name, by that name: the import map. */
export const PACKAGES: Readonly<Record<string, Source>> = {
  'sheetsync-client': ofClient('index.ts'),
  'sheetsync-client/error': ofClient('error.ts'),
  ...Object.fromEntries(
    ['preact', 'preact/hooks', '@preact/signals', '@preact/signals-core', 'htm', 'openapi-fetch'].map((name) => [
      name,
      vendor(name),
    ]),
  ),
}

export const MODULES = { main: ofWeb('main.ts') }

/** `import … from 'x'`, `export … from 'x'` and `import 'x'` of a module, minified or not; and `import('x')`. */
const STATIC = /(?:^|[;}\s])(?:import|export)\s*(?:[\w*{}\s,$]*?\bfrom\s*|(?<=import\s*))(["'])([^"'\n]+)\1/g
const DYNAMIC = /\bimport\((["'])([^"'\n]+)\1\)/g

/**
 * The module and all that it leads to, each once, those first that are needed first. Throws for an import that leads out of
 * the folder of its module, or to a package that is not listed.
 */
export async function modulesOf(main: Source): Promise<PageModule[]> {
  const found = new Map<string, PageModule>()
  let wanted = [{ ...main, isEager: true }]
  while (wanted.length > 0) {
    const read = await Promise.all(wanted.map(async (one) => ({ ...one, code: await codeOf(one.url) })))
    for (const { path, code, isEager } of read) found.set(path, { path, code, isEager })
    const next = read.flatMap((one) => importsOf(one))
    // Eager ones first: what is both is eager.
    wanted = [
      ...new Map(next.sort((a, b) => Number(a.isEager) - Number(b.isEager)).map((one) => [one.path, one])).values(),
    ].filter(({ path, isEager }) => !found.has(path) || (isEager && found.get(path)?.isEager === false))
  }
  return [...found.values()]
}

function importsOf({ path, url, code, isEager }: Source & { readonly code: string; readonly isEager: boolean }) {
  const named = (pattern: RegExp, eager: boolean) =>
    [...code.matchAll(pattern)].map(([, , name = '']) => ({ ...resolve(name, { path, url }), isEager: eager }))
  return [...named(STATIC, isEager), ...named(DYNAMIC, false)]
}

function resolve(name: string, from: Source): Source {
  if (!name.startsWith('.')) {
    const source = PACKAGES[name]
    if (source === undefined) throw new TypeError(`${from.path} imports ${name}, which is not in PACKAGES`)
    return source
  }
  const path = new URL(name, `page:///${from.path}`).pathname.slice(1)
  const isClient = from.path.startsWith('client/')
  if (from.path.startsWith('vendor/') || path.startsWith('client/') !== isClient) {
    throw new TypeError(`${from.path} imports ${name}, which is not of its folder`)
  }
  return { path, url: new URL(name, from.url) }
}

async function codeOf(url: URL): Promise<string> {
  const source = await readFile(url, 'utf8')
  return url.pathname.endsWith('.ts') ? withoutTypes(source.replaceAll(COMMENTS, '')) : source.replace(SOURCE_MAP, '')
}

/** Comments with lines of their own, as all of ours are: a fifth of what is sent. */
const COMMENTS = /^[ \t]*(?:\/\*[\s\S]*?\*\/|\/\/.*)[ \t]*$/gm
const SOURCE_MAP = /\n\/\/# sourceMappingURL=\S+\s*$/

/** The same without types. Node warns at the first call that this may change; the test of the page shows whether it has. */
function withoutTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}
