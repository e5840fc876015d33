import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'
import { identityOfToken } from '../model/token-identity.ts'

const KEY_BYTES = 32
/** NIST SP 800-38D, section 8.2.2: a random nonce of 96 bits, with one key at most 2^32 times. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

const CIPHER = 'aes-256-gcm'
const VERSION = 'v1'

interface Key {
  /** Names the key in what it has sealed; tells nothing of it. */
  readonly id: string
  readonly sealing: Buffer
  readonly identity: Buffer
}

/**
 * What TOKEN_KEY makes possible: sealing users' tokens, each for one sync, and naming their owners by a text that tells
 * nothing of them. The first key makes what is new; all of them open, and name, what was made before.
 */
export class TokenKeys {
  readonly #keys: readonly [Key, ...Key[]]

  /** `secrets`: as `parseTokenKey` returns them, at least one. */
  constructor(secrets: readonly Buffer[]) {
    const [first, ...others] = secrets.map(keyOf)
    if (first === undefined) throw new TypeError('there is no key')
    this.#keys = [first, ...others]
  }

  /** Seals a token for the sync of this id. */
  seal(token: string, syncId: string): string {
    const [{ id, sealing }] = this.#keys
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, sealing, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(boundTo(id, syncId))
    const sealed = Buffer.concat([nonce, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return [VERSION, id, sealed.toString('base64url')].join('.')
  }

  /**
   * Opens what was sealed for this sync. Throws TOKEN_UNREADABLE where none of the keys has sealed it, and for what was
   * changed or was sealed for another sync.
   */
  unseal(sealed: string, syncId: string): string {
    const [version, id, text = ''] = sealed.split('.')
    const key = this.#keys.find((one) => one.id === id)
    if (version !== VERSION || key === undefined) {
      throw new AppError('TOKEN_UNREADABLE', 'It was sealed by a key that is not in TOKEN_KEY here.')
    }
    const bytes = Buffer.from(text, 'base64url')
    try {
      const decipher = createDecipheriv(CIPHER, key.sealing, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(boundTo(key.id, syncId))
      decipher.setAuthTag(bytes.subarray(Math.max(NONCE_BYTES, bytes.length - TAG_BYTES)))
      const content = bytes.subarray(NONCE_BYTES, -TAG_BYTES)
      return Buffer.concat([decipher.update(content), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw new AppError('TOKEN_UNREADABLE', 'What was sealed was changed, or is of another sync.', { cause })
    }
  }

  /** How each key names the person with this id of Google's (`permissionId`), the first key first. */
  identitiesOfPerson(permissionId: string): readonly string[] {
    return this.#keys.map((key) => mac(key, 'person', permissionId))
  }

  /** The same of whoever has a token, where nobody knows who that is. */
  identitiesOfToken(token: string): readonly string[] {
    return this.#keys.map((key) => identityOfToken(mac(key, 'token', token)))
  }
}

/** One key of TOKEN_KEY: 32 bytes in hex, base64 or base64url; `undefined` for anything else. */
export function parseTokenKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^(?:[A-Za-z0-9+/]{43}|[\w-]{43})=?$/.test(text)) return undefined
  const key = Buffer.from(text, 'base64')
  return key.length === KEY_BYTES ? key : undefined
}

/** Keys for unlike ends are derived apart (RFC 5869), so that neither tells anything of the other. */
function keyOf(secret: Buffer): Key {
  const derived = (info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `sheetsync ${VERSION} ${info}`, bytes))
  return {
    id: derived('key id', 6).toString('base64url'),
    sealing: derived('sealing', KEY_BYTES),
    identity: derived('identity', KEY_BYTES),
  }
}

function boundTo(keyId: string, syncId: string): Buffer {
  return Buffer.from(JSON.stringify(['sheetsync', 'token of a sync', VERSION, keyId, syncId]))
}

function mac({ identity }: Key, kind: 'person' | 'token', text: string): string {
  return createHmac('sha256', identity)
    .update(JSON.stringify([kind, text]))
    .digest('base64url')
}

/** A name for a token in memory, from which it cannot be got back. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}
