/** The reads a minute of one credential, as everybody takes them who uses it. */
export interface ReadQuota {
  /** Resolves when one read may be made; rejects with the signal's reason once that is aborted. */
  take(request: ReadRequest): Promise<Read>
  /** Holds back every read of this credential for so many milliseconds: Google has refused one. */
  pause(ms: number): void
}

/** One read that may be made now. */
export interface Read {
  /** Says that Google has answered, or never will: from now on the read counts for one window more. Call it once. */
  done(): void
}

export interface ReadRequest {
  /** Who reads; reads are shared out evenly between keys. */
  readonly key: string
  readonly signal: AbortSignal
  /** Called with the time at which the wait will end, as far as is known, and with `undefined` once it has. Not called for a read that is free. */
  onWait?(until: Date | undefined): void
}
