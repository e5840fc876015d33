import type { Test } from 'tap'
import { anEmulatorOfPeople, aTokenService, BOOK } from '../support/own-tokens.ts'

export const ROWS = `/spreadsheets/${BOOK}/tabs/People`

export async function aSituation(t: Test, environment: Record<string, string> = {}) {
  const emulator = await anEmulatorOfPeople(t)
  const service = await aTokenService(t, emulator, environment)
  const tokenOf = (email: string) => emulator.userToken({ email }).access_token
  const of = (email: string, key?: 'app' | 'other' | 'admin' | 'plain') => service.client(tokenOf(email), key)
  return { emulator, service, tokenOf, of }
}

export const idsOf = (page: { syncs: { id: string }[] }) => page.syncs.map(({ id }) => id)
