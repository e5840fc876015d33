/** What a credential is; `other`: one of another kind, or one that cannot be read. `none`: nothing, before an emulator. */
export const CREDENTIAL_KINDS = ['service-account', 'user', 'api-key', 'none', 'other'] as const

/** By the latest use in this process; `failing` also where it cannot be read. */
export const CREDENTIAL_HEALTH = ['unused', 'ok', 'failing'] as const

/** A Google credential, without anything of it that is secret. */
export interface CredentialState {
  readonly name: string
  /** E-mail address to share spreadsheets with; `null` where there is none, or it is not known. */
  readonly account: string | null
  readonly kind: (typeof CREDENTIAL_KINDS)[number]
  /** The Google Cloud project that its calls are charged to; `null` where it is not known. */
  readonly project: string | null
  readonly health: (typeof CREDENTIAL_HEALTH)[number]
  /** Why it is failing. Redacted. */
  readonly error: {
    /** One of the error table. */
    readonly code: string
    readonly detail: string
    readonly hint: string | null
    /** ISO 8601, UTC. */
    readonly at: string
  } | null
  /** When a call was made with it in this process, ISO 8601; `null`: not yet. */
  readonly lastUsedAt: string | null
}

/** The Google credentials of the service, as they are now. */
export interface Credentials {
  /** All whose name fits, by name, the first 1,000 of them. One that cannot be read is listed as failing. */
  list(fits: (name: string) => boolean): Promise<readonly CredentialState[]>

  /** Rejects with CREDENTIAL_UNKNOWN where there is none of this name. `default` is always there. */
  requireKnown(name: string): Promise<void>
}
