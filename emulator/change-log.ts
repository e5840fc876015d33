import { GoogleError } from './google-error.ts'

/** What changed at a place of a log. */
export interface LoggedChange {
  readonly fileId: string
  readonly time: string
}

/** A page of a log: its changes, and either where the next page begins or where the next list does. */
export interface ChangePage {
  readonly changes: readonly LoggedChange[]
  readonly nextPageToken?: string
  readonly newStartPageToken?: string
}

/**
 * The changes of one account, or of one shared drive. A file is listed once, with its latest change. Tokens are the
 * numbers of changes, so those of one log mean nothing in another.
 */
export class ChangeLog {
  /** By file, in the order of its latest change. */
  readonly #changes = new Map<string, LoggedChange & { readonly n: number }>()
  #last = 100
  /** The first number that a token may still name. */
  #oldest = 1

  add(fileId: string, now: number): void {
    this.#last += 1
    this.#changes.delete(fileId)
    this.#changes.set(fileId, { n: this.#last, fileId, time: new Date(now).toISOString() })
  }

  get startPageToken(): string {
    return String(this.#last + 1)
  }

  /** Forgets what came before: every token that was given until now is refused. */
  expire(): void {
    this.#last += 1000
    this.#oldest = this.#last + 1
  }

  /**
   * Lists changes from a token on, of the files that the caller sees. Throws Google's 400 for a token that is none of this
   * log's, or has expired.
   */
  list(token: string, pageSize: number, isSeen: (fileId: string) => boolean): ChangePage {
    const from = /^[1-9]\d{0,14}$/.test(token) ? Number(token) : Number.NaN
    if (!(from >= this.#oldest && from <= this.#last + 1)) throw invalidPageToken()
    const changes = [...this.#changes.values()].filter(({ n, fileId }) => n >= from && isSeen(fileId))
    const page = changes.slice(0, pageSize)
    const next = changes[pageSize]
    return {
      ...(next ? { nextPageToken: String(next.n) } : { newStartPageToken: this.startPageToken }),
      changes: page.map(({ fileId, time }) => ({ fileId, time })),
    }
  }
}

function invalidPageToken(): GoogleError {
  return new GoogleError(400, 'Invalid Value', {
    reason: 'invalid',
    location: { locationType: 'parameter', location: 'pageToken' },
  })
}
