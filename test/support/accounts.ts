import type { Accounts, OpenAccount } from '../../src/sheets/google-accounts.ts'
import type { SheetsApi } from '../../src/sheets/google-api.ts'
import type { ReadQuota } from '../../src/sheets/read-quota.ts'

/** Who reads where there is but one credential. */
export const DEFAULT_READER = { credential: 'default', actAs: null }

/** What every reader calls Google with, and pays from. */
export function oneAccount(
  api: SheetsApi,
  quota: ReadQuota,
): { readonly accounts: Accounts; readonly quotaOf: () => ReadQuota } {
  const opened: OpenAccount = { api, account: { name: 'default', project: 'default' } }
  return { accounts: { open: async () => opened }, quotaOf: () => quota }
}
