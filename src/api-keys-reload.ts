import { stat } from 'node:fs/promises'
import { type ApiKey, KeyRing } from './api-keys.ts'
import { type ParsedKeysFile, parseKeysFile } from './api-keys-file.ts'
import { PeriodicTask } from './concurrency/periodic-task.ts'
import { readSmallFile, UnfitFile } from './disk/small-file.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import { rememberSecrets } from './redaction.ts'

const FILE_BYTES_MAX = 2_000_000

/** Milliseconds between two looks whether the file has changed. */
const LOOK_INTERVAL_MS = 1000

/** Milliseconds within which two changes of a file may bear the same times: FAT counts in steps of two seconds. */
const TIME_STEP_MS = 2000

/** Names and faults that one line of the log lists. */
const LOGGED_AT_MOST = 20

interface KeysFileOptions {
  readonly path: string
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'error'>
}

/**
 * The keys of a file, read anew within a second or two of each change of it, also where it is a link that comes to lead
 * elsewhere. A version that cannot be used leaves the keys as they were, and is logged once.
 */
export class KeysFile {
  readonly ring = new KeyRing([], true)
  readonly #options: KeysFileOptions
  readonly #looks: PeriodicTask
  /** Of the file that was read; undefined: it is to be read again, however it looks. */
  #identity: string | undefined
  /** What was read last, or why that could not be. */
  #content: string | undefined

  constructor(options: KeysFileOptions) {
    this.#options = options
    this.#looks = new PeriodicTask({
      clock: options.clock,
      intervalMs: LOOK_INTERVAL_MS,
      isDelayed: true,
      run: () => this.#readIfChanged(),
      onError: (error) => options.log.error({ err: error }, 'API_KEYS_FILE could not be looked at'),
    })
  }

  /** Reads the keys. Resolves to what is wrong with the file, one line each; with any of these no key is in force. */
  async open(): Promise<readonly string[]> {
    const { keys = [], faults = [] } = (await this.#look()) ?? {}
    if (faults.length > 0) return faults
    if (keys.length === 0) return ['keys is empty, so nobody could call']
    this.#use(keys)
    return []
  }

  /** From now on changes are looked for. */
  start(): void {
    this.#looks.start()
  }

  /** Idempotent. */
  close(): Promise<void> {
    return this.#looks.stop()
  }

  async #readIfChanged(): Promise<void> {
    const { log } = this.#options
    const found = await this.#look()
    if (found === undefined) return
    const { keys, faults } = found
    if (faults.length > 0) {
      const some = faults.slice(0, LOGGED_AT_MOST)
      log.error({ faults: some, count: faults.length }, 'API_KEYS_FILE cannot be used; the keys stay as they were')
      return
    }
    const before = this.ring.current
    this.#use(keys)
    const { current } = this.ring
    const names = (some: readonly ApiKey[]) => some.slice(0, LOGGED_AT_MOST).map(({ name }) => name)
    const without = (some: readonly ApiKey[], others: readonly ApiKey[]) => {
      const known = new Set(others)
      return names(some.filter((key) => !known.has(key)))
    }
    const changes = { in: without(current, before), out: without(before, current) }
    log.info({ keys: current.length, ...changes }, 'API_KEYS_FILE was read anew')
  }

  #use(keys: readonly ApiKey[]): void {
    const digests = keys.flatMap((key) => key.digests.map((digest) => digest.toString('hex')))
    rememberSecrets(digests, `API_KEYS_FILE ${this.#options.path}`)
    this.ring.replace(keys)
  }

  /** What the file holds, unless that is what it held before. */
  async #look(): Promise<Pick<ParsedKeysFile, 'keys' | 'faults'> | undefined> {
    let content: string
    let faults: readonly string[] | undefined
    try {
      const identity = await this.#identityNow()
      if (identity !== undefined && identity === this.#identity) return undefined
      content = new TextDecoder().decode(await readSmallFile(this.#options.path, FILE_BYTES_MAX))
      this.#identity = identity
    } catch (error) {
      this.#identity = undefined
      content = faultOfFile(error)
      faults = [content]
    }
    if (content === this.#content) return undefined
    this.#content = content
    return faults === undefined ? parseKeysFile(content) : { keys: [], faults }
  }

  /** Another one whenever the file may hold something else; `undefined` while it could change without that showing. */
  async #identityNow(): Promise<string | undefined> {
    const { path, clock } = this.#options
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true })
    const isSettled = clock.now().getTime() - Number(ctimeMs) > TIME_STEP_MS
    return isSettled ? [dev, ino, size, mtimeNs, ctimeNs].join(':') : undefined
  }
}

function faultOfFile(error: unknown): string {
  if (error instanceof UnfitFile) return error.message
  if (error instanceof Error && 'code' in error) return `cannot be read (${error.code})`
  throw error
}
