import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { MODULES, modulesOf, PACKAGES, type PageModule } from './page-modules.ts'
import { type PreparedAnswer, prepareEncodedAnswer } from './prepared-answer.ts'

export interface Page {
  readonly document: PreparedAnswer
  /** Names what all files together hold: another byte in one of them, another name. */
  readonly release: string
  /** By their address under the release. */
  readonly files: ReadonlyMap<string, PreparedAnswer>
}

const WEB = new URL('../../web/', import.meta.url)

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}
const SCRIPT = 'text/javascript; charset=utf-8'
const NOSNIFF = { 'x-content-type-options': 'nosniff' }
/** The address of a file names the release, so what is behind it never changes. */
const OF_RELEASE = { ...NOSNIFF, 'cache-control': 'public, max-age=31536000, immutable' }

/** Reads all of the page: `web/index.html`, the files that it links, and the modules that these import. */
export async function readPage(): Promise<Page> {
  const [template, modules] = await Promise.all([readFile(new URL('index.html', WEB), 'utf8'), modulesOf(MODULES.main)])
  const linked = [...template.matchAll(/(?:href|src)="web\/([\w./-]+\.(css|svg))"/g)]
  const files = new Map<string, PreparedAnswer>(
    await Promise.all([
      ...linked.map(async ([, path = '', extension = '']) => {
        const body = await readFile(new URL(path, WEB))
        return [
          path,
          prepareEncodedAnswer(body, { 'content-type': TYPES[extension] ?? SCRIPT, ...OF_RELEASE }),
        ] as const
      }),
      ...modules.map(
        async ({ path, code }) =>
          [path, prepareEncodedAnswer(Buffer.from(code), { 'content-type': SCRIPT, ...OF_RELEASE })] as const,
      ),
    ]),
  )
  const tags = [...files].map(([path, { headers }]) => `${path} ${headers.etag}`).join('\n')
  const release = createHash('sha256').update(tags).digest('base64url').slice(0, 16)
  return { document: documentOf(template, release, modules), release, files }
}

/** The document, with the addresses of this release, its import map, and the modules that are there from the start. */
function documentOf(template: string, release: string, modules: readonly PageModule[]): PreparedAnswer {
  const at = (path: string) => `web/${release}/${path}`
  const imports = Object.fromEntries(Object.entries(PACKAGES).map(([name, { path }]) => [name, `./${at(path)}`]))
  const map = JSON.stringify({ imports })
  const preloads = modules
    .filter(({ isEager }) => isEager)
    .map(({ path }) => `<link rel="modulepreload" href="${at(path)}">`)
  const html = template
    .replaceAll(/(href|src)="web\//g, `$1="${at('')}`)
    .replace('<!-- modules -->', `<script type="importmap">${map}</script>\n    ${preloads.join('\n    ')}`)
  return prepareEncodedAnswer(Buffer.from(html), {
    ...NOSNIFF,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(createHash('sha256').update(map).digest('base64')),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  })
}

/** Nothing comes from elsewhere, nothing stands in the page but its import map, and nobody may frame it (W3C CSP 3). */
function policy(importMapHash: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${importMapHash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}
