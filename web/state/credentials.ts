import { signal } from '@preact/signals'
import { client } from './session.ts'

/** Names of the Google credentials that the caller's syncs may read with. */
export const credentials = signal<readonly string[]>([])

/** Asks which there are; a service that has none to choose from is as good as one that does not say. */
export async function listCredentials(): Promise<void> {
  try {
    credentials.value = (await client.peek().credentials()).map(({ name }) => name)
  } catch {
    credentials.value = []
  }
}
