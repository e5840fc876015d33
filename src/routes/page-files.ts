import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib'
import type { Coding } from './content-codings.ts'
import { onceDone } from './once-done.ts'
import { MODULES, modulesOf, PACKAGES, type PageModule } from './page-modules.ts'

/** A file of the page, in every coding. */
export interface PageFile {
  readonly headers: Readonly<Record<string, string>>
  /** Strong; of the bytes without a coding. */
  readonly etag: string
  readonly body: Buffer
  /** The bytes in a coding, which are made with the first call. */
  readonly encoded: (coding: Coding) => Promise<Buffer>
}

export interface Page {
  readonly document: PageFile
  /** Names what all files together hold: another byte in one of them, another name. */
  readonly release: string
  /** By their address under the release. */
  readonly files: ReadonlyMap<string, PageFile>
}

const WEB = new URL('../../web/', import.meta.url)

const ENCODERS: Readonly<Record<Coding, (body: Buffer) => Promise<Buffer>>> = {
  zstd: (body) => promisify(zstdCompress)(body, { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
  gzip: (body) => promisify(gzip)(body, { level: 9 }),
  br: (body) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 16 },
    }),
  identity: async (body) => body,
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}
const SCRIPT = 'text/javascript; charset=utf-8'
const NOSNIFF = { 'x-content-type-options': 'nosniff' }

/** Reads all of the page: `web/index.html`, the files that it links, and the modules that these import. */
export async function readPage(): Promise<Page> {
  const [template, modules] = await Promise.all([readFile(new URL('index.html', WEB), 'utf8'), modulesOf(MODULES.main)])
  const linked = [...template.matchAll(/(?:href|src)="web\/([\w./-]+\.(css|svg))"/g)]
  const files = new Map<string, PageFile>(
    await Promise.all([
      ...linked.map(async ([, path = '', extension = '']) => {
        const body = await readFile(new URL(path, WEB))
        return [path, pageFile(body, { 'content-type': TYPES[extension] ?? SCRIPT, ...NOSNIFF })] as const
      }),
      ...modules.map(
        async ({ path, code }) => [path, pageFile(Buffer.from(code), { 'content-type': SCRIPT, ...NOSNIFF })] as const,
      ),
    ]),
  )
  const release = digest([...files].map(([path, { etag }]) => `${path} ${etag}`).join('\n')).slice(0, 16)
  return { document: documentOf(template, release, modules), release, files }
}

/** The document, with the addresses of this release, its import map, and the modules that are there from the start. */
function documentOf(template: string, release: string, modules: readonly PageModule[]): PageFile {
  const at = (path: string) => `web/${release}/${path}`
  const imports = Object.fromEntries(Object.entries(PACKAGES).map(([name, { path }]) => [name, `./${at(path)}`]))
  const map = JSON.stringify({ imports })
  const preloads = modules
    .filter(({ isEager }) => isEager)
    .map(({ path }) => `<link rel="modulepreload" href="${at(path)}">`)
  const html = template
    .replaceAll(/(href|src)="web\//g, `$1="${at('')}`)
    .replace('<!-- modules -->', `<script type="importmap">${map}</script>\n    ${preloads.join('\n    ')}`)
  return pageFile(Buffer.from(html), {
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

function pageFile(body: Buffer, headers: Readonly<Record<string, string>>): PageFile {
  const made = new Map<Coding, () => Promise<Buffer>>(
    Object.entries(ENCODERS).map(([coding, encode]) => [coding as Coding, onceDone(() => encode(body))]),
  )
  return {
    headers,
    etag: `"${digest(body)}"`,
    body,
    encoded: (coding) => made.get(coding)?.() ?? Promise.resolve(body),
  }
}

function digest(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('base64url')
}
