import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiKeyEntry } from '../../src/api-keys-file.ts'
import { ApiClient } from './callers.ts'
import { aDirectory, aServiceProcess, type Endable, environmentFor } from './service.ts'

/** What a file with these keys holds. */
export const content = (...keys: readonly ApiKeyEntry[]) => JSON.stringify({ keys })

/** Resolves once the condition holds; the test's own timeout bounds the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(25)
}

/** A service process whose keys are in a file. */
export async function aKeyedProcess(t: Endable, first: string, environment: Record<string, string> = {}) {
  const directory = await aDirectory(t)
  const file = `${directory}/keys.json`
  await writeFile(file, first)
  const settings = { ...environmentFor(directory), API_KEYS_FILE: file, LOG_LEVEL: 'debug', ...environment }
  const service = await aServiceProcess(t, settings)
  const client = (key?: string) => new ApiClient(service.url, key)
  const status = (key?: string) => client(key).status('GET', '/syncs')
  return { ...service, file, client, status }
}
