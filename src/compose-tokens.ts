import type { Config } from './config.ts'
import type { LoadModules } from './module-loader.ts'
import type { Clock } from './ports/clock.ts'
import type { OwnTokens } from './routes/own-tokens.ts'
import { TokenKeys } from './tokens/token-keys.ts'
import { TokenOwners } from './tokens/token-owners.ts'

/** Puts together what users' own tokens need, where TOKEN_KEY is set. `load`: loads Google's side with the first token. */
export function composeTokens(
  { tokenKeys, google }: Pick<Config, 'tokenKeys' | 'google'>,
  clock: Clock,
  load: LoadModules,
): OwnTokens | undefined {
  if (tokenKeys.length === 0) return undefined
  const keys = new TokenKeys(tokenKeys)
  const { rootUrl } = google
  const ask = async (token: string) => {
    const { askTokenOwner } = await load(() => import('./sheets/token-owner.ts'))
    return askTokenOwner({ rootUrl, clock }, token)
  }
  return { keys, owners: new TokenOwners({ keys, ask, clock }) }
}
