import { randomBytes } from 'node:crypto'
import { isSyncId } from '../../model/sync-id.ts'

/** The id of the sync whose record has this name in the directory. */
export function idOfRecord(name: string): string | undefined {
  const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : ''
  return isSyncId(id) ? id : undefined
}

/** A claim to succeed one version of a file. Attempt n + 1 may be made only when attempt n is known to be dead. */
export interface ClaimName {
  /** Of the sync, or the key of the entry. */
  readonly id: string
  /** What is to be succeeded, see `ClaimedFile`. */
  readonly base: string
  readonly attempt: number
}

export function claimNameOf({ id, base, attempt }: ClaimName): string {
  return `${id}.${base}.${attempt}`
}

export function parseClaimName(name: string): ClaimName | undefined {
  const [, id, base, attempt] = /^([\w-]+)\.([0-9a-f]+)\.(\d{1,15})$/.exec(name) ?? []
  return id === undefined || base === undefined ? undefined : { id, base, attempt: Number(attempt) }
}

export function parseLeaseName(name: string): { readonly id: string; readonly epoch: number } | undefined {
  const [, id, epoch] = /^([\w-]+)-(\d{1,15})\.json$/.exec(name) ?? []
  return id !== undefined && isSyncId(id) ? { id, epoch: Number(epoch) } : undefined
}

/** What a temporary file is for, and whose it is; all of it stands in its name, so that a helper needs nothing more. */
export interface TempName {
  /** The version that it is meant to succeed, see `ClaimedFile`; `none` where it succeeds nothing. */
  readonly base: string
  /** Token of the process that writes it. */
  readonly writer: string
  /** Unique for this writer. */
  readonly serial: string
}

export function tempNameOf({ base, writer, serial }: TempName): string {
  return `record.${base}.${writer}.${serial}`
}

export function parseTempName(name: string): TempName | undefined {
  const [, base, writer, serial] = /^\w+\.([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(name) ?? []
  if (base === undefined || writer === undefined || serial === undefined) return undefined
  return { base, writer, serial }
}

/** A name that nobody else will ever have. */
export function newNonce(): string {
  return randomBytes(6).toString('hex')
}
