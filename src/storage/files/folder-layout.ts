import { basename, join } from 'node:path'
import { isSyncId } from '../../model/sync-id.ts'
import type { FileIdentity } from '../../ports/file-system.ts'

/**
 * Where everything lies. The records themselves lie in the directory, one readable file each; what belongs to the
 * machinery lies in folders within it, for a rename must stay on one file system.
 */
export class Layout {
  readonly directory: string
  readonly temps: string
  readonly claims: string
  readonly leases: string
  readonly quarantine: string
  readonly journal: string
  readonly keys: string

  constructor(directory: string) {
    this.directory = directory
    this.temps = join(directory, '.tmp')
    this.claims = join(directory, '.claims')
    this.leases = join(directory, '.leases')
    this.quarantine = join(directory, 'quarantine')
    this.journal = join(directory, '.created')
    this.keys = join(directory, '.idempotency')
  }

  get folders(): readonly string[] {
    return [this.directory, this.temps, this.claims, this.leases, this.quarantine]
  }

  record(id: string): string {
    return join(this.directory, `${id}.json`)
  }

  quarantined(id: string): string {
    return join(this.quarantine, `${id}.json`)
  }

  temp(name: string): string {
    return join(this.temps, name)
  }

  claim({ id, base, attempt }: ClaimName): string {
    return join(this.claims, `${id}.${base}.${attempt}`)
  }

  lease(id: string, epoch: number): string {
    return join(this.leases, `${id}.${epoch}`)
  }
}

/** The id of the sync whose record has this name in the directory. */
export function idOfRecord(name: string): string | undefined {
  const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : ''
  return isSyncId(id) ? id : undefined
}

/** A claim on the succession of one revision. Attempt n + 1 may be made only when attempt n is known to be dead. */
export interface ClaimName {
  readonly id: string
  /** The revision that is to be succeeded. */
  readonly base: number
  readonly attempt: number
}

export function parseClaimName(name: string): ClaimName | undefined {
  const [id, base, attempt, ...rest] = name.split('.')
  if (id === undefined || !isSyncId(id) || !isCount(base) || !isCount(attempt) || rest.length > 0) return undefined
  return { id, base: Number(base), attempt: Number(attempt) }
}

export function parseLeaseName(name: string): { readonly id: string; readonly epoch: number } | undefined {
  const [id, epoch, ...rest] = name.split('.')
  return id !== undefined && isSyncId(id) && isCount(epoch) && rest.length === 0
    ? { id, epoch: Number(epoch) }
    : undefined
}

/** What a temporary file is for, and whose it is; all of it stands in its name, so that a helper needs nothing more. */
export interface TempName {
  readonly kind: 'record' | 'removal' | 'other'
  /** The record it is meant to succeed, as {@link versionOf} names it; `none` for a new one. */
  readonly base: string
  /** Token of the process that writes it. */
  readonly writer: string
  /** Unique for this writer. */
  readonly serial: string
}

export function tempNameOf({ kind, base, writer, serial }: TempName): string {
  return `${kind}.${base}.${writer}.${serial}`
}

export function parseTempName(path: string): TempName | undefined {
  const [kind, base, writer, serial, ...rest] = basename(path).split('.')
  if (kind !== 'record' && kind !== 'removal' && kind !== 'other') return undefined
  if (base === undefined || writer === undefined || serial === undefined || rest.length > 0) return undefined
  return { kind, base, writer, serial }
}

/** Tells one version of a record from every other: see `TempFiles.write` for why its time of modification does that. */
export function versionOf(identity: FileIdentity): string {
  return `${identity.modifiedMicros}-${identity.size}`
}

export function isSameVersion(one: FileIdentity, other: FileIdentity): boolean {
  return one.modifiedMicros === other.modifiedMicros && one.size === other.size && one.inode === other.inode
}

function isCount(text: string | undefined): text is string {
  return text !== undefined && /^(?:0|[1-9]\d{0,14})$/.test(text)
}
